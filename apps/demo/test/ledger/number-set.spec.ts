import { describe, expect, it } from '@jest/globals';
import { NumberSet } from '../../src/ledger/number-set.js';

describe('NumberSet', () => {
  it('takes each number once, in any order', () => {
    const set = new NumberSet();
    expect([2, 0, 2, 1, 0].map((value) => set.add(value))).toEqual([true, true, false, true, false]);
    expect(set.next).toBe(3);
    expect(set.size).toBe(3);
  });

  it('counts what is missing below a number and what is there above one', () => {
    const set = new NumberSet();
    for (const value of [0, 1, 4, 6]) set.add(value);
    expect([0, 2, 4, 5, 8].map((end) => set.missingBelow(end))).toEqual([0, 0, 2, 2, 4]);
    expect([0, 1, 2, 5, 7].map((start) => set.countFrom(start))).toEqual([4, 3, 2, 1, 0]);
  });

  it('may begin elsewhere than at 0', () => {
    const set = new NumberSet(1);
    set.add(1);
    set.add(3);
    expect([set.next, set.size, set.missingBelow(4)]).toEqual([2, 2, 1]);
  });
});
