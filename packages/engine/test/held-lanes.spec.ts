import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Task } from '../src/delivery/task.js';
import { HeldLanes } from '../src/lanes/held-lanes.js';
import { Lane } from '../src/lanes/lane.js';

function lane(offset: number): Lane {
  const made = new Lane(undefined);
  made.head = { offset } as Task;
  return made;
}

describe('lanes that are held', () => {
  it('come back below the bound and in order, whatever order they went in and whichever were taken out', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(200), { maxLength: 60 }),
        fc.array(fc.nat(60)),
        fc.nat(220),
        (offsets, taken, bound) => {
          const held = new HeldLanes();
          const lanes = offsets.map(lane);
          for (const one of lanes) held.push(one);
          const gone = new Set(taken.flatMap((index) => lanes[index] ?? []));
          for (const one of gone) held.remove(one);
          const left = lanes.filter((one) => !gone.has(one)).map((one) => (one.head as Task).offset);
          const back: number[] = [];
          for (let one = held.shiftBelow(bound); one !== undefined; one = held.shiftBelow(bound)) {
            back.push((one.head as Task).offset);
          }
          const below = left.filter((offset) => offset < bound).sort((a, b) => a - b);
          expect(back).toEqual(below);
          expect(held.isEmpty).toBe(below.length === left.length);
        },
      ),
    );
  });
});
