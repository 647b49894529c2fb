import { describe, expect, it } from '@jest/globals';
import { median, ratio, spread } from '../src/report/statistics.js';

describe('median', () => {
  it('is the middle of the sorted values, or the mean of the two in the middle', () => {
    expect(median([9, 1, 10])).toBe(9);
    expect(median([10, 2, 9, 1])).toBe(5.5);
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('spread', () => {
  it('leaves its values as they are', () => {
    const values = [3, 1, 2];
    expect(spread(values)).toEqual({ median: 2, min: 1, max: 3 });
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('ratio', () => {
  it('divides medians, and values of the same round for the bounds', () => {
    expect(ratio([10, 40, 20], [5, 10, 20])).toEqual({ median: 2, min: 1, max: 4 });
  });
});
