import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { murmur2 } from '../src/producer/murmur2.js';
import { Partitioner } from '../src/producer/partitioner.js';

describe('partitioner', () => {
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as the Java client does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('chooses the partition that kafkajs would choose', () => {
    const theirs = kafkajs.Partitioners.DefaultPartitioner();
    const ours = new Partitioner();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 100 }), (bytes, partitions) => {
        const key = Buffer.from(bytes);
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          partitionId,
          partitionErrorCode: 0,
          leader: 1,
          replicas: [1],
          isr: [1],
        }));
        const expected = theirs({ topic: 't', partitionMetadata, message: { key, value: null } });
        expect(ours.choose({ topic: 't', key, value: null }, partitions)).toBe(expected);
      }),
    );
  });

  it('takes turns without a key, per topic, and honours a partition that is named', () => {
    const partitioner = new Partitioner();
    const chosen = Array.from({ length: 6 }, () => partitioner.choose({ topic: 't', value: 'v' }, 3));
    expect(new Set(chosen.slice(0, 3))).toEqual(new Set([0, 1, 2]));
    expect(chosen.slice(3)).toEqual(chosen.slice(0, 3));
    expect(partitioner.choose({ topic: 't', key: 'k', partition: 7, value: 'v' }, 3)).toBe(7);
  });
});
