import { deepEqual, equal, ok } from 'node:assert/strict';
import type { KafkaRecord } from '@kafka-worker/engine';
import type { ConformanceChapter } from '../conformance-case.js';

/** Bytes that are no text. */
const BYTES = Buffer.from([0, 255, 128, 10, 0xc3, 0x28]);

export const RECORDS: ConformanceChapter = {
  title: 'records',
  cases: [
    {
      name: 'come complete, once and ascending, from every partition',
      run: async (env) => {
        const topic = await env.topic(3);
        for (const partition of [0, 1, 2]) await env.fill({ topic, partition }, 1500);
        const a = await env.joined(topic);
        await env.until('all of them', () => a.taken.length >= 4500);
        const expected = Array.from({ length: 1500 }, (_, n) => n);
        for (const partition of [0, 1, 2]) deepEqual(a.offsets({ topic, partition }), expected);
      },
    },
    {
      name: 'come soon where the member has been idle',
      run: async (env) => {
        const topic = await env.topic();
        const a = await env.joined(topic);
        await env.wait(env.sessionTimeoutMs / 2);
        for (let n = 0; n < 3; n++) {
          await env.fill({ topic, partition: 0 }, 1, n);
          await env.until('the record', () => a.taken.length === n + 1, 1500);
        }
      },
    },
    {
      name: 'have key and value as bytes, as they were written',
      run: async (env) => {
        const topic = await env.topic();
        await env.write([{ topic, partition: 0, key: BYTES, value: BYTES }]);
        const [record] = (await env.readAll(topic, 1)).taken as [KafkaRecord];
        ok(Buffer.isBuffer(record.key) && Buffer.isBuffer(record.value));
        deepEqual([record.key, record.value], [BYTES, BYTES]);
        deepEqual([record.topic, record.partition, record.offset], [topic, 0, 0]);
      },
    },
    {
      name: 'tell nothing from nothing-in-it: null is null, empty is empty',
      run: async (env) => {
        const topic = await env.topic();
        await env.write([
          { topic, partition: 0, key: null, value: 'no key' },
          { topic, partition: 0, key: 'deleted', value: null },
          { topic, partition: 0, key: 'empty', value: '' },
        ]);
        const { taken } = await env.readAll(topic, 3);
        deepEqual(
          taken.map(({ key, value }) => [key?.toString() ?? null, value?.toString() ?? null]),
          [
            [null, 'no key'],
            ['deleted', null],
            ['empty', ''],
          ],
        );
      },
    },
    {
      name: 'have their headers as bytes, several under one name as a list, none as an empty object',
      run: async (env) => {
        const topic = await env.topic();
        await env.write([
          { topic, partition: 0, value: 'with', headers: { one: BYTES, many: ['1', '2', '3'] } },
          { topic, partition: 0, value: 'without' },
        ]);
        const { taken } = await env.readAll(topic, 2);
        deepEqual(
          { ...taken[0]?.headers },
          { one: BYTES, many: [Buffer.from('1'), Buffer.from('2'), Buffer.from('3')] },
        );
        deepEqual({ ...taken[1]?.headers }, {});
      },
    },
    {
      name: 'have the time at which they were written, or that was given',
      run: async (env) => {
        const topic = await env.topic();
        const from = env.now;
        await env.write([
          { topic, partition: 0, value: 'then', timestamp: 1_700_000_000_123 },
          { topic, partition: 0, value: 'now' },
        ]);
        const { taken } = await env.readAll(topic, 2);
        equal(taken[0]?.timestamp, 1_700_000_000_123);
        const stamp = taken[1]?.timestamp ?? 0;
        ok(Math.abs(stamp - from) < 60_000, `${stamp} is not about ${from}`);
      },
    },
    {
      name: 'come with the high watermark, one past the last that can be read',
      run: async (env) => {
        const topic = await env.topic();
        await env.fill({ topic, partition: 0 }, 7);
        const a = await env.readAll(topic, 7);
        equal(a.batches.at(-1)?.highWatermark, 7);
        await env.fill({ topic, partition: 0 }, 2);
        await env.until('two more', () => a.taken.length === 9);
        equal(a.batches.at(-1)?.highWatermark, 9);
      },
    },
    {
      name: 'of aborted transactions are passed over, and so are the offsets that no record has',
      run: async (env) => {
        const topic = await env.topic();
        const partition = { topic, partition: 0 };
        await env.fill(partition, 2);
        await env.cluster.leaveGap(partition);
        await env.fill(partition, 2, 2);
        await env.cluster.leaveGap(partition);
        const a = await env.readAll(topic, 4);
        deepEqual(
          a.taken.map(({ value }) => String(value)),
          ['0', '1', '2', '3'],
        );
        const [, second, third] = a.offsets(partition) as [number, number, number];
        ok(third > second + 1, 'the test has left no gap');
        await env.fill(partition, 1, 4);
        await env.until('one behind the second gap', () => a.taken.length === 5);
      },
    },
    {
      name: 'start behind a gap where the position is in it',
      run: async (env) => {
        const topic = await env.topic();
        const partition = { topic, partition: 0 };
        await env.fill(partition, 1);
        await env.cluster.leaveGap(partition);
        await env.fill(partition, 1, 1);
        const a = env.member(topic);
        a.startOf = async () => 1;
        await a.start();
        await env.until('the record', () => a.taken.length > 0);
        deepEqual(
          a.taken.map(({ value }) => String(value)),
          ['1'],
        );
      },
    },
    {
      name: 'start at the first that is left where the log was cut before it',
      run: async (env) => {
        const topic = await env.topic();
        const partition = { topic, partition: 0 };
        await env.fill(partition, 10);
        await env.cluster.deleteRecordsBefore(partition, 6);
        const a = env.member(topic);
        a.startOf = async (p) => (await a.consumer.logRanges([p]))[0]?.low;
        await a.start();
        await env.until('the rest', () => a.taken.length === 4);
        deepEqual(a.offsets(partition), [6, 7, 8, 9]);
        deepEqual(await a.consumer.logRanges([partition]), [{ ...partition, low: 6, high: 10 }]);
      },
    },
  ],
};
