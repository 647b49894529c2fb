import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OffsetTracker, type Tracked } from '../src/offsets/offset-tracker.js';
import type { OffsetRange } from '../src/offsets/ranges.js';

class Entry implements Tracked {
  before: this | undefined = undefined;
  after: this | undefined = undefined;
  constructor(readonly offset: number) {}
}

/** The same by brute force: a word for every offset. */
class Model {
  readonly delivered = new Set<number>();
  readonly settled = new Set<number>();
  readonly restored = new Set<number>();
  position: number;

  constructor(start: number, restored: readonly OffsetRange[]) {
    this.position = start;
    for (const { from, to } of restored) for (let at = from; at < to; at++) this.restored.add(at);
  }

  get unsettled(): number[] {
    return [...this.delivered].filter((offset) => !this.settled.has(offset)).sort((a, b) => a - b);
  }

  get frontier(): number {
    const [first] = this.unsettled;
    if (first !== undefined) return first;
    let at = this.position;
    while (this.restored.has(at)) at++;
    return at;
  }

  get highestSettled(): number {
    return Math.max(-1, ...this.settled, ...this.restored);
  }
}

/** As `expect(…).toBe(…)`, which is too slow for a million comparisons. */
function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) expect(actual).toBe(expected);
}

const start = 100;
const rangesOf = (lengths: readonly [number, number][]): OffsetRange[] => {
  let at = start;
  return lengths.map(([gap, length]) => {
    const from = at + gap;
    at = from + length;
    return { from, to: at };
  });
};
const arbitraryRestored = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })), { maxLength: 5 })
  .map(rangesOf);
const arbitrarySteps = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('next' as const), gap: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ type: fc.constantFrom('settle', 'claim', 'keep', 'give up'), which: fc.nat() }),
  ),
  { maxLength: 80 },
);

describe('the offset tracker', () => {
  it('agrees with a naive model after any deliveries, gaps, settlements, claims given up and restored ranges', () => {
    fc.assert(
      fc.property(arbitraryRestored, arbitrarySteps, (restored, steps) => {
        const tracker = new OffsetTracker<Entry>(start, restored);
        const model = new Model(start, restored);
        const entries = new Map<number, Entry>();
        /** Settled, and may be given up yet. */
        const claimed = new Set<number>();
        let frontier = tracker.frontier;
        for (const step of steps) {
          if (step.type === 'next') {
            const offset = model.position + step.gap;
            same(tracker.wasSettled(offset), model.restored.has(offset));
            same(tracker.wasSettled(offset), model.restored.has(offset)); // asking changes nothing
            model.position = offset + 1;
            if (model.restored.has(offset)) tracker.pass(offset);
            else {
              const entry = new Entry(offset);
              entries.set(offset, entry);
              model.delivered.add(offset);
              tracker.deliver(entry);
            }
          } else {
            const open = model.unsettled;
            const from = step.type === 'keep' || step.type === 'give up' ? [...claimed] : open;
            const offset = from[step.which % Math.max(1, from.length)];
            if (offset === undefined) continue;
            const entry = entries.get(offset) as Entry;
            claimed.delete(offset);
            if (step.type === 'keep') tracker.keep(entry);
            else if (step.type === 'give up') {
              tracker.reinstate(
                entry,
                [...claimed].map((other) => entries.get(other) as Entry),
              );
              model.settled.delete(offset);
              frontier = Math.min(frontier, offset);
            } else {
              same(tracker.settle(entry, step.type === 'settle'), open[0] === offset);
              model.settled.add(offset);
              if (step.type === 'claim') claimed.add(offset);
            }
          }
          same(tracker.frontier, model.frontier);
          same(tracker.frontier >= frontier, true);
          frontier = tracker.frontier;
          same(tracker.position, model.position);
          same(tracker.unsettled, model.unsettled.length);
          same([...tracker].map((entry) => entry.offset).join(), model.unsettled.join());
          if (model.highestSettled >= start) same(tracker.highestSettled, model.highestSettled);

          const ranges = tracker.doneRanges();
          let last = tracker.frontier;
          for (const { from, to } of ranges) {
            same(from > last, true); // ascending, disjoint, not touching, above the frontier
            same(to > from, true);
            last = to;
          }
          const named = (offset: number): boolean => ranges.some(({ from, to }) => from <= offset && offset < to);
          // every settled record above the frontier is named, no unsettled one is, and nothing that may still come
          for (const offset of [...model.settled, ...model.restored]) {
            if (offset > tracker.frontier) same(named(offset), true);
          }
          for (const offset of model.unsettled) same(named(offset), false);
          for (let offset = model.position; offset < model.position + 40; offset++) {
            if (!model.restored.has(offset)) same(named(offset), false);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  it('says nothing about records that nobody has settled, however many gaps lie between them', () => {
    const tracker = new OffsetTracker<Entry>(0);
    for (let offset = 0; offset < 1_000; offset += 7) tracker.deliver(new Entry(offset));
    expect(tracker.doneRanges()).toEqual([]);
  });

  it('keeps no more than what is unsettled', () => {
    const tracker = new OffsetTracker<Entry>(0);
    const held = new Entry(0);
    tracker.deliver(held);
    for (let offset = 1; offset < 100_000; offset++) {
      const entry = new Entry(offset);
      tracker.deliver(entry);
      tracker.settle(entry);
    }
    expect([...tracker]).toEqual([held]);
    expect(tracker.doneRanges()).toEqual([{ from: 1, to: 100_000 }]);
    tracker.settle(held);
    expect(tracker.frontier).toBe(100_000);
    expect(tracker.doneRanges()).toEqual([]);
  });
});
