import { encodeDoneMap, type OffsetRange } from '@kafka-worker/engine';
import { OffsetSet } from './offset-set.js';

/** Which dead letters of one partition have been replayed: everything below the frontier, and some above it. */
export class ReplayedSet {
  #frontier: number;
  readonly #above: OffsetSet;

  /** @param above ascending, disjoint, above the frontier */
  constructor(frontier: number, above: Iterable<OffsetRange> = []) {
    this.#frontier = frontier;
    this.#above = new OffsetSet(above);
  }

  /** Lowest offset that has not been replayed: what is committed. */
  get frontier(): number {
    return this.#frontier;
  }

  /** Replayed offsets above the frontier. */
  get above(): readonly OffsetRange[] {
    return this.#above.ranges;
  }

  has(offset: number): boolean {
    return offset < this.#frontier || this.#above.has(offset);
  }

  /** Adds `[from, to)`. @returns true where something of it was not there. */
  add(from: number, to: number = from + 1): boolean {
    const added = this.#above.add(Math.max(from, this.#frontier), to);
    const first = this.#above.ranges[0];
    if (first !== undefined && first.from <= this.#frontier) {
      this.#frontier = first.to;
      this.#above.dropBelow(first.to);
    }
    return added;
  }

  /** What is committed beside the frontier. It may be longer than a broker takes: the caller looks. */
  metadata(): string {
    return encodeDoneMap(this.#frontier, this.#above.ranges);
  }

  copy(): ReplayedSet {
    return new ReplayedSet(this.#frontier, this.#above.ranges);
  }
}
