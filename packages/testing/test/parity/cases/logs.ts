import { expect } from '@jest/globals';
import { said } from '../group.js';
import type { ParityCase } from './parity-case.js';

const KEYS = ['', 'a', 'ab', 'abc', 'abcd', 'order-1', 'order-2', 'ключ', '日本', 'x'.repeat(100)].concat(
  Array.from({ length: 40 }, (_, i) => `key-${i * 7919}`),
);

/** Where Kafka's own console producer put them on a topic of 7 partitions. */
const PLACES = '25045414140515345224242116614245240364303312546563';

export const LOG_CASES: readonly ParityCase[] = [
  {
    title: 'keys go where the Java client puts them',
    run: async (world) => {
      const topic = await world.createTopic(7);
      expect((await world.produceByKey(topic, KEYS)).join('')).toBe(PLACES);
    },
  },
  {
    title: 'deleted records move the low end, and a position below it is out of range',
    run: async (world) => {
      const topic = await world.createTopic(1);
      await world.produce(
        topic,
        0,
        Array.from({ length: 10 }, () => ({})),
      );
      await world.deleteRecordsBefore(topic, 0, 4);
      expect(await world.range(topic, 0)).toEqual({ low: 4, high: 10 });
      expect(await said(world.read(topic, 0, 3))).toBe('OFFSET_OUT_OF_RANGE');
      expect(await world.read(topic, 0, 4)).toEqual([4, 5, 6, 7, 8, 9]);
      expect(await world.read(topic, 0, 10)).toEqual([]);
      expect(await said(world.read(topic, 0, 11))).toBe('OFFSET_OUT_OF_RANGE');
      await world.deleteRecordsBefore(topic, 0, 10);
      expect(await world.range(topic, 0)).toEqual({ low: 10, high: 10 });
      expect(await world.read(topic, 0, 10)).toEqual([]);
    },
  },
  {
    title: 'compaction keeps the last record of each key, leaves gaps and moves no end',
    run: async (world) => {
      const topic = await world.createTopic(1, {
        'cleanup.policy': 'compact',
        'segment.ms': '100',
        'min.cleanable.dirty.ratio': '0.001',
      });
      const put = (key: string, value: string | null): Promise<void> => world.produce(topic, 0, [{ key, value }]);
      await put('a', '1');
      await put('b', '1');
      await put('a', '2');
      await put('b', null);
      await put('c', '1');
      await put('a', '3');
      await world.compact(topic, 0);
      // A tombstone stays for a while, and what the newest segment holds is not touched.
      expect(await world.read(topic, 0, 0)).toEqual([3, 4, 5, 6]);
      expect(await world.range(topic, 0)).toEqual({ low: 0, high: 7 });
      expect(await world.read(topic, 0, 4)).toEqual([4, 5, 6]);
    },
  },
];
