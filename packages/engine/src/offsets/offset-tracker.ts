import { appendRange, type OffsetRange } from './ranges.js';

/** What the tracker holds of a record: its place in the list of unsettled ones. */
export interface Tracked {
  readonly offset: number;
  before: this | undefined;
  after: this | undefined;
}

/**
 * Knows which records of one partition are unsettled, and so what may be committed.
 *
 * Only unsettled records are kept, in a list ascending in offset; everything delivered and not in it is settled.
 * Delivering appends, settling unlinks: both O(1) whatever stands above the frontier, and memory is that of what is
 * unsettled, not of the done-set. Offsets that were never delivered (compaction, transaction markers) lie between
 * list entries like settled ones, so gaps cost nothing and nothing ever waits for them.
 */
export class OffsetTracker<T extends Tracked> {
  #first: T | undefined;
  #last: T | undefined;
  /** Ascending, disjoint; settled under an earlier assignment and read back from the commit. */
  readonly #restored: readonly OffsetRange[];
  /** Ranges of `#restored` before this index lie below the position. */
  #restoredIndex = 0;
  /** One past the highest offset delivered or passed over: the next one to come. Never falls. */
  #position: number;
  #highestSettled: number;
  /** The same without what may yet be reinstated. */
  #highestForGood: number;
  #unsettled = 0;

  constructor(start: number, restored: readonly OffsetRange[] = []) {
    this.#position = start;
    this.#restored = restored;
    this.#highestSettled = this.#highestForGood = (restored.at(-1)?.to ?? start) - 1;
  }

  get position(): number {
    return this.#position;
  }

  /** How many delivered records are not settled. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** The highest offset known to be settled, or the one before the start. */
  get highestSettled(): number {
    return this.#highestSettled;
  }

  /** The record that holds the frontier. */
  get first(): T | undefined {
    return this.#first;
  }

  /** Unsettled records, ascending in offset. */
  *[Symbol.iterator](): Generator<T> {
    for (let entry = this.#first; entry !== undefined; entry = entry.after) yield entry;
  }

  /** What may be committed: lowest delivered offset that is not settled, else the next one that is not known settled. */
  get frontier(): number {
    if (this.#first !== undefined) return this.#first.offset;
    const next = this.#restored[this.#ahead()];
    return next !== undefined && next.from <= this.#position ? Math.max(next.to, this.#position) : this.#position;
  }

  /** True where an earlier assignment has settled this record; asked in ascending order, before `deliver`. */
  wasSettled(offset: number): boolean {
    const ranges = this.#restored;
    // the record that is asked for may yet be refused: ranges before it are behind us only when it is taken
    let index = this.#ahead();
    while ((ranges[index]?.to ?? Infinity) <= offset) index++;
    return (ranges[index]?.from ?? Infinity) <= offset;
  }

  /** Index of the first restored range that the position has not passed. */
  #ahead(): number {
    while ((this.#restored[this.#restoredIndex]?.to ?? Infinity) <= this.#position) this.#restoredIndex++;
    return this.#restoredIndex;
  }

  /** Moves past a record that was settled before. */
  pass(offset: number): void {
    if (offset >= this.#position) this.#position = offset + 1;
  }

  /** @param entry the next record; its offset is at or above `position`. */
  deliver(entry: T): void {
    entry.before = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    this.#position = entry.offset + 1;
    this.#unsettled++;
  }

  /**
   * @param forGood false: it may yet be reinstated, until `keep` is called for it.
   * @returns true when the frontier moved.
   */
  settle(entry: T, forGood = true): boolean {
    const { before, after } = entry;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.before = entry.after = undefined;
    this.#unsettled--;
    if (entry.offset > this.#highestSettled) this.#highestSettled = entry.offset;
    if (forGood) this.keep(entry);
    return before === undefined;
  }

  /** What was settled is so for good. */
  keep({ offset }: Tracked): void {
    if (offset > this.#highestForGood) this.#highestForGood = offset;
  }

  /**
   * What was settled is not: its place is where its offset says. O(unsettled records above it).
   * @param others what else is settled and may yet be reinstated.
   */
  reinstate(entry: T, others: Iterable<Tracked>): void {
    if (entry.offset === this.#highestSettled) {
      this.#highestSettled = this.#highestForGood;
      for (const { offset } of others) if (offset > this.#highestSettled) this.#highestSettled = offset;
    }
    let before = this.#last;
    while (before !== undefined && before.offset > entry.offset) before = before.before;
    const after = before === undefined ? this.#first : before.after;
    entry.before = before;
    entry.after = after;
    if (before === undefined) this.#first = entry;
    else before.after = entry;
    if (after === undefined) this.#last = entry;
    else after.before = entry;
    this.#unsettled++;
  }

  /**
   * Settled offsets above the frontier, ascending and disjoint. Nothing is said above the highest settled one: the gaps
   * between records that nobody has settled yet would only make the set larger.
   */
  doneRanges(): OffsetRange[] {
    const ranges: OffsetRange[] = [];
    const frontier = this.frontier;
    for (let entry = this.#first; entry !== undefined && entry.offset < this.#highestSettled; entry = entry.after) {
      appendRange(ranges, entry.offset + 1, entry.after?.offset ?? this.#position);
    }
    for (let i = this.#ahead(); i < this.#restored.length; i++) {
      const range = this.#restored[i] as OffsetRange;
      appendRange(ranges, Math.max(range.from, this.#position, frontier), range.to);
    }
    return ranges;
  }
}
