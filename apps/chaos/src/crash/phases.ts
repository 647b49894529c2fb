import type { Moment } from './moments.js';

/**
 * What a member was at when it was killed.
 *
 * before     records had come; no handler had them
 * in         in the handler, before its effect
 * after      the effect was made; the handler had not come back
 * commit     the effect was made and the handler had come back; what settles the record was about to be sent. At most
 *            once: before the handler, the commit was about to be sent
 * ending     Kafka to Kafka: everything of a transaction was with the broker but its commit
 * committed  it was settled; the member had not been told
 * drain      SIGTERM had come and handlers were waited for
 * rebalance  it gave partitions back or took them over
 * stopped    it stood still (SIGSTOP) with a record under way until others had its partitions, went on, and had come back
 *            into the group
 * random     any moment, that of its start included
 */
export type Phase = NamedPhase | 'drain' | 'rebalance' | 'stopped' | 'random';

/** Phases that are one moment. */
export type NamedPhase = 'before' | 'in' | 'after' | 'commit' | 'ending' | 'committed';

/** Where a member is held for a phase. */
export const MOMENT_OF: Readonly<Record<NamedPhase, Moment>> = {
  before: 'records',
  in: 'handler',
  after: 'effect',
  commit: 'commit',
  ending: 'ending',
  committed: 'committed',
};

/** Moments of who gives partitions back, and of who gets them. */
export const GIVING: readonly Moment[] = ['revoking', 'revoked'];
export const TAKING: readonly Moment[] = ['assigning', 'assigned'];

/** How many kills in which phase. */
export type Kills = Readonly<Partial<Record<Phase, number>>>;

/** Kills that are still to be made, in an order that was drawn. Several cells take from one. */
export class KillPlan {
  readonly #left: Phase[];

  constructor(kills: Kills, shuffled: (phases: Phase[]) => Phase[]) {
    const phases = Object.entries(kills) as [Phase, number][];
    this.#left = shuffled(phases.flatMap(([phase, count]) => Array.from({ length: count }, () => phase)));
  }

  /** Up to `count`; none when all are taken. */
  take(count: number): Phase[] {
    return this.#left.splice(0, count);
  }
}
