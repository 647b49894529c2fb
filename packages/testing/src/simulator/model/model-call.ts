import type { HeldPartition, HeldRecord } from './held-partition.js';
import type { AttemptEnd } from './policy-rule.js';

/** One attempt that a handler makes. */
export interface ModelCall {
  readonly process: string;
  readonly partition: HeldPartition;
  readonly held: HeldRecord;
  readonly attempt: number;
  readonly startedAt: number;
  readonly signal: AbortSignal;
  /** How its handler ended; undefined: it has not. */
  end: AttemptEnd | undefined;
  /** The engine no longer waits for it: it ran past its timeout and the grace after it. */
  givenUp: boolean;
  /** It still ran when its partition was given back: the next owner may start beside it. */
  leftOver: boolean;
  /** Why the signal was aborted. */
  abortedFor(): string | undefined;
}
