import type { OffsetCommit } from '@kafka-worker/engine';
import type { GroupErrorType } from './group-error.js';

/** A commit as it reached the group. */
export interface CommitEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly groupId: string;
  readonly memberId: string;
  readonly generation: number;
  readonly offsets: readonly OffsetCommit[];
  readonly accepted: boolean;
  /** Why it was refused: the broker's word, or `FAULT` where a test asked for it. Left out of accepted ones. */
  readonly refusal?: GroupErrorType | 'FAULT';
}

/** The last commits of all groups, oldest first. */
export class CommitHistory {
  readonly #entries: CommitEntry[] = [];

  constructor(readonly limit: number) {}

  add(entry: CommitEntry): void {
    this.#entries.push(entry);
    // Cut in halves, so that adding stays O(1) on average.
    if (this.#entries.length >= this.limit * 2) this.#entries.splice(0, this.#entries.length - this.limit);
  }

  entries(): readonly CommitEntry[] {
    return this.#entries.slice(-this.limit);
  }
}
