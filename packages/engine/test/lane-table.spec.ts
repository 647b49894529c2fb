import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Lane } from '../src/lanes/lane.js';
import { LaneTable } from '../src/lanes/lane-table.js';

/** Few enough that they meet again, and enough that a table of 64 slots grows and probes. */
const keys = fc.integer({ min: 0, max: 200 }).map((n) => Buffer.from(n % 3 === 0 ? `k${n}` : [n, 0, n >> 4]));
const steps = fc.array(fc.record({ key: keys, add: fc.boolean() }), { maxLength: 600 });

describe('the table of lanes', () => {
  it('finds what a map of texts finds, whatever comes and goes', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const table = new LaneTable();
        const model = new Map<string, Lane>();
        for (const { key, add } of list) {
          const text = key.toString('latin1');
          const lane = model.get(text);
          expect(table.find(Buffer.from(key))).toBe(lane);
          if (add && lane === undefined) model.set(text, table.add(key));
          if (!add && lane !== undefined) {
            table.delete(lane);
            model.delete(text);
          }
          expect(table.size).toBe(model.size);
        }
        for (const [text, lane] of model) expect(table.find(Buffer.from(text, 'latin1'))).toBe(lane);
      }),
    );
  });

  it('keeps keys apart that fall into one slot, when one of them goes too', () => {
    const table = new LaneTable();
    const lanes = Array.from({ length: 500 }, (_, i) => table.add(Buffer.from(`key-${i}`)));
    for (const lane of lanes.filter((_, i) => i % 2 === 0)) table.delete(lane);
    for (const [i, lane] of lanes.entries()) {
      expect(table.find(Buffer.from(`key-${i}`))).toBe(i % 2 === 0 ? undefined : lane);
    }
  });
});
