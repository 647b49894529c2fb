import { describe, expect, it } from '@jest/globals';
import type { LoadSpec } from '../src/load/load-spec.js';
import { recordsOf, valueOf } from '../src/load/records.js';
import { hottest } from '../src/load/shape.js';
import { alternate } from '../src/run/rounds.js';

const SPEC: LoadSpec = { records: 5000, keys: 1000, partitions: 4, valueBytes: 200, distribution: 'zipf', seed: 1 };

describe('recordsOf', () => {
  it('gives the same records again, JSON of the size asked for', () => {
    const records = [...recordsOf(SPEC)];
    expect([...recordsOf(SPEC)]).toEqual(records);
    expect(records).toHaveLength(5000);
    for (const { key, value } of records) {
      expect(Buffer.byteLength(value)).toBe(200);
      expect(JSON.parse(value)).toMatchObject({ customer: key });
    }
  });

  it('has one key far ahead with Zipf, and none with uniform keys', () => {
    const most = (distribution: LoadSpec['distribution']) =>
      hottest([...recordsOf({ ...SPEC, distribution })].map(({ key }) => key));
    expect(most('zipf').key).toBe('key-0000000');
    expect(most('zipf').records).toBeGreaterThan(750);
    expect(most('uniform').records).toBeLessThan(25);
  });

  it('refuses a size that no record fits in', () => {
    expect(() => valueOf(1, 'key', 20)).toThrow(RangeError);
  });
});

describe('alternate', () => {
  it('runs each once before any runs again', () => {
    expect([...alternate(['a', 'b'], 2)].map(({ round, item }) => `${item}${round}`)).toEqual(['a1', 'b1', 'a2', 'b2']);
  });
});
