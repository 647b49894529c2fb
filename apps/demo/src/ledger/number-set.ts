/** Whole numbers from `first` on that come nearly in sequence: what is contiguous costs nothing to remember. */
export class NumberSet {
  /** Every number from `first` up to here, itself not included, is in the set. */
  #next: number;
  /** Numbers above `#next`. Invariant: `#next` is not among them. */
  readonly #ahead = new Set<number>();

  constructor(readonly first = 0) {
    this.#next = first;
  }

  /** The lowest number that is missing. */
  get next(): number {
    return this.#next;
  }

  get size(): number {
    return this.#next - this.first + this.#ahead.size;
  }

  has(value: number): boolean {
    return value < this.#next || this.#ahead.has(value);
  }

  /** @returns false where it was in the set already. */
  add(value: number): boolean {
    if (this.has(value)) return false;
    this.#ahead.add(value);
    while (this.#ahead.delete(this.#next)) this.#next++;
    return true;
  }

  /** Numbers below `end` that are missing. */
  missingBelow(end: number): number {
    if (end <= this.#next) return 0;
    let ahead = 0;
    for (const value of this.#ahead) if (value < end) ahead++;
    return end - this.#next - ahead;
  }

  /** Numbers of the set at or above `start`. */
  countFrom(start: number): number {
    let count = Math.max(0, this.#next - Math.max(start, this.first));
    for (const value of this.#ahead) if (value >= start) count++;
    return count;
  }
}
