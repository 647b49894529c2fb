import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OffsetSet } from '../src/replay/offset-set.js';

const span = fc.tuple(fc.nat(60), fc.nat(12));

describe('OffsetSet', () => {
  it('is a set of numbers, kept as runs that do not touch', () => {
    fc.assert(
      fc.property(fc.array(span), fc.nat(70), (spans, low) => {
        const set = new OffsetSet();
        const model = new Set<number>();
        for (const [from, length] of spans) {
          const before = model.size;
          for (let n = from; n < from + length; n++) model.add(n);
          expect(set.add(from, from + length)).toBe(model.size > before);
        }
        const all = Array.from({ length: 80 }, (_, n) => n);
        expect(all.filter((n) => set.has(n))).toEqual(all.filter((n) => model.has(n)));
        const runs = set.ranges;
        expect(runs.every(({ from, to }, i) => from < to && (i === 0 || (runs[i - 1]?.to ?? 0) < from))).toBe(true);
        set.dropBelow(low);
        expect(all.filter((n) => set.has(n))).toEqual(all.filter((n) => n >= low && model.has(n)));
      }),
    );
  });
});
