import type { OffsetCommit, OffsetRange } from '@kafka-worker/engine';
import { OffsetSet } from './offset-set.js';
import { ReplayedSet } from './replayed-set.js';
import type { StoredReplays } from './stored.js';

/** What one run knows of a partition of the dead-letter topic, over every assignment of it. */
export class PartitionNotes {
  /** What has been replayed: as it was stored when the partition was assigned last, and what this run has added. */
  replayed = new ReplayedSet(0);
  /** Sent by this run, or left for good by it: not looked at again, also where the partition comes back. */
  readonly settled = new OffsetSet();
  /** Sent by this run, and not in a commit that was acknowledged. */
  readonly unnoted: number[] = [];
  /** Why the last commit was not acknowledged. */
  noteError: Error | undefined;
  /** Nothing more is sent from this partition in this run. */
  blocked = false;
  /** Read to its end and worked off while it was held. */
  finished = false;
  silentFrom: number | undefined;
  /** Next offset to come. */
  position = 0;
  /** Runs of offsets that no record has, ascending; of them `replayed` knows nothing yet. */
  readonly #gaps: OffsetRange[] = [];
  /** Records below this were counted: what is read a second time after a loss is not. */
  counted = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly end: number,
  ) {}

  /** The partition is ours, from this offset on. What this run has sent but could not note is kept. */
  open({ replayed }: StoredReplays, from: number): void {
    const unnoted = this.unnoted.splice(0).filter((offset) => !replayed.has(offset));
    for (const offset of unnoted) replayed.add(offset);
    this.unnoted.push(...unnoted);
    this.replayed = replayed;
    this.position = from;
    this.#gaps.length = 0;
  }

  /** A record comes. @returns true where it is the first time */
  pass(offset: number): boolean {
    if (offset > this.position) this.#gaps.push({ from: this.position, to: offset });
    this.position = offset + 1;
    if (offset < this.counted) return false;
    this.counted = offset + 1;
    return true;
  }

  /**
   * Offsets below this that no record has, and never will, count as replayed, so that the frontier passes them. Those
   * above are left out: read ahead, they would only make the commit larger.
   */
  passGaps(below: number): void {
    while ((this.#gaps[0]?.to ?? Infinity) <= below) {
      const gap = this.#gaps.shift() as OffsetRange;
      this.replayed.add(gap.from, gap.to);
    }
  }

  commit(): OffsetCommit {
    const { topic, partition, replayed } = this;
    return { topic, partition, offset: replayed.frontier, metadata: replayed.metadata() };
  }
}
