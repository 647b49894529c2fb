import type { OffsetRange } from '@kafka-worker/engine';

/** A set of offsets, kept as runs. Adding in ascending order is O(1). */
export class OffsetSet {
  /** Invariant: ascending, disjoint, none touches the next. */
  #ranges: OffsetRange[];

  constructor(ranges: Iterable<OffsetRange> = []) {
    this.#ranges = [...ranges];
  }

  get ranges(): readonly OffsetRange[] {
    return this.#ranges;
  }

  has(offset: number): boolean {
    const range = this.#ranges[this.#firstEndingAfter(offset)];
    return range !== undefined && range.from <= offset;
  }

  /** Adds `[from, to)`. @returns true where something of it was not there. */
  add(from: number, to: number = from + 1): boolean {
    if (to <= from) return false;
    // A range that only touches counts: the two become one.
    const first = this.#firstEndingAfter(from - 1);
    const range = this.#ranges[first];
    if (range !== undefined && range.from <= from && range.to >= to) return false;
    let last = first;
    while ((this.#ranges[last]?.from ?? Infinity) <= to) last++;
    const merged = {
      from: Math.min(from, first < last ? (this.#ranges[first] as OffsetRange).from : from),
      to: Math.max(to, first < last ? (this.#ranges[last - 1] as OffsetRange).to : to),
    };
    this.#ranges.splice(first, last - first, merged);
    return true;
  }

  /** Takes away everything below. */
  dropBelow(offset: number): void {
    const first = this.#firstEndingAfter(offset);
    this.#ranges.splice(0, first);
    const range = this.#ranges[0];
    if (range !== undefined && range.from < offset) this.#ranges[0] = { from: offset, to: range.to };
  }

  /** Index of the first range that has an offset above this one, or ends right at `offset + 1`. */
  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle] as OffsetRange).to <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
