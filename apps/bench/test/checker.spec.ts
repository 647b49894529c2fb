import { describe, expect, it } from '@jest/globals';
import { Checker } from '../src/meter/checker.js';

const at = (offset: number, key = 'a', partition = 0) => ({ partition, offset, key });

describe('Checker', () => {
  it('finds nothing where every record comes once and in order', () => {
    const checker = new Checker('key', [2, 1]);
    for (const place of [at(0), at(1), at(0, 'b', 1)]) {
      checker.begin(place);
      checker.end(place);
    }
    expect(checker.findings()).toEqual({ missing: 0, duplicates: 0, violations: 0 });
  });

  it('sees what never came and what came twice', () => {
    const checker = new Checker('unordered', [20]);
    for (const offset of [17, 3, 17]) checker.begin(at(offset));
    expect(checker.findings()).toEqual({ missing: 18, duplicates: 1, violations: 0 });
  });

  it('sees a handler that began beside another of its key, and one that came too late', () => {
    const checker = new Checker('key', [4]);
    checker.begin(at(1));
    checker.begin(at(2, 'b'));
    checker.begin(at(3));
    checker.end(at(1));
    checker.end(at(3));
    checker.begin(at(0));
    expect(checker.findings().violations).toBe(2);
  });

  it('takes all keys of a partition for one lane where partitions are in order', () => {
    const checker = new Checker('partition', [2, 2]);
    checker.begin(at(0, 'a'));
    checker.begin(at(0, 'b', 1));
    checker.begin(at(1, 'b'));
    expect(checker.findings().violations).toBe(1);
  });

  it('refuses a record that was never produced', () => {
    expect(() => new Checker('key', [2]).begin(at(8))).toThrow(RangeError);
  });
});
