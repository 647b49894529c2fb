import type { DeadLetter } from '../letters/dead-letter.js';
import type { ReplayProblem, ReplayTotals } from './report.js';

/** A dead letter that was sent. */
export interface ReplayedLetter {
  readonly letter: DeadLetter;
  /** Where it stands now; in a dry run where it would go: `offset` undefined, `partition` undefined where by key. */
  readonly to: { readonly topic: string; readonly partition: number | undefined; readonly offset: number | undefined };
}

/** What is told of a run while it is under way. */
export type ReplayEvent = { readonly totals: ReplayTotals } &
  /** Records were looked at, or the partitions have changed: `partitions` are those held now. */
  (
    | { readonly type: 'read'; readonly partitions: readonly number[] }
    /** One request: acknowledged by the broker, and about to be noted. In a dry run: it would be sent. */
    | { readonly type: 'sent'; readonly letters: readonly ReplayedLetter[] }
    /** Matching, but not sent. */
    | {
        readonly type: 'left';
        readonly letter: DeadLetter;
        readonly reason: 'foreign' | 'topic-missing' | 'refused';
      }
    | { readonly type: 'problem'; readonly problem: ReplayProblem }
  );

/** Hears of everything. A throw is passed over. */
export type ReplayListener = (event: ReplayEvent) => void;
