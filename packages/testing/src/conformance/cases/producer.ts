import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { murmur2 } from '../../log/partitioner.js';
import type { ConformanceChapter } from '../conformance-case.js';

export const PRODUCER: ConformanceChapter = {
  title: 'the producer',
  cases: [
    {
      name: 'answers every record with its place, in the order given',
      run: async (env) => {
        const topic = await env.topic(3);
        const producer = await env.producer();
        const sent = await producer.send(
          Array.from({ length: 30 }, (_, n) => ({ topic, partition: (n * 7) % 3, value: String(n) })),
        );
        equal(sent.length, 30);
        const { taken } = await env.readAll(topic, 30);
        const valueAt = new Map(taken.map((r) => [`${r.partition}/${r.offset}`, String(r.value)]));
        sent.forEach((place, n) => {
          equal(place.partition, (n * 7) % 3);
          equal(valueAt.get(`${place.partition}/${place.offset}`), String(n));
        });
      },
    },
    {
      name: 'keeps the order of the calls in each partition, also of calls that overlap',
      run: async (env) => {
        const topic = await env.topic(2);
        const producer = await env.producer();
        await Promise.all(
          Array.from({ length: 100 }, (_, n) =>
            producer.send([0, 1].map((partition) => ({ topic, partition, value: String(n) }))),
          ),
        );
        const { taken } = await env.readAll(topic, 200);
        const expected = Array.from({ length: 100 }, (_, n) => String(n));
        for (const partition of [0, 1]) {
          deepEqual(
            taken.filter((r) => r.partition === partition).map(({ value }) => String(value)),
            expected,
          );
        }
      },
    },
    {
      name: 'puts a key where the Java client puts it',
      run: async (env) => {
        const topic = await env.topic(7);
        const producer = await env.producer();
        const keys: (string | Buffer)[] = ['21', 'foobar', 'order-1', '', 'ü', Buffer.from([0, 255, 7])];
        const sent = await producer.send(keys.map((key) => ({ topic, key, value: 'v' })));
        deepEqual(
          sent.map(({ partition }) => partition),
          keys.map((key) => (murmur2(Buffer.from(key as string)) & 0x7fffffff) % 7),
        );
      },
    },
    {
      name: 'puts records without a key on every partition in turn',
      run: async (env) => {
        const topic = await env.topic(3);
        const producer = await env.producer();
        const sent = await producer.send(Array.from({ length: 6 }, () => ({ topic, key: null, value: 'v' })));
        deepEqual(
          sent.map(({ partition }) => partition).sort((x, y) => x - y),
          [0, 0, 1, 1, 2, 2],
        );
      },
    },
    {
      name: 'writes bytes, nothing, headers and times as they are given',
      run: async (env) => {
        const topic = await env.topic();
        const producer = await env.producer();
        const bytes = Buffer.from([0, 255, 128]);
        await producer.send([
          { topic, key: bytes, value: bytes, headers: { text: 'a', bytes, many: ['1', bytes], none: undefined } },
          { topic, key: 'deleted', value: null, timestamp: 1_700_000_000_123 },
        ]);
        const { taken } = await env.readAll(topic, 2);
        deepEqual([taken[0]?.key, taken[0]?.value], [bytes, bytes]);
        deepEqual({ ...taken[0]?.headers }, { text: Buffer.from('a'), bytes, many: [Buffer.from('1'), bytes] });
        deepEqual([taken[1]?.value, taken[1]?.timestamp], [null, 1_700_000_000_123]);
      },
    },
    {
      name: 'sends to several topics in one call',
      run: async (env) => {
        const topics = [await env.topic(), await env.topic()];
        const producer = await env.producer();
        const sent = await producer.send(topics.map((topic) => ({ topic, value: 'v' })));
        deepEqual(
          sent,
          topics.map((topic) => ({ topic, partition: 0, offset: 0 })),
        );
      },
    },
    {
      name: 'rejects for a topic that does not exist, and sends nothing of that call',
      run: async (env) => {
        const topic = await env.topic();
        const producer = await env.producer();
        const missing = env.name('missing');
        const send = producer.send([
          { topic, value: 'one' },
          { topic: missing, value: 'two' },
        ]);
        await rejects(send, { code: 'SEND_FAILED', canRetry: false });
        deepEqual(await producer.send([{ topic, value: 'three' }]), [{ topic, partition: 0, offset: 0 }]);
        equal((await (await env.admin()).partitions([missing])).size, 0, 'the topic was created');
      },
    },
    {
      name: 'sends nothing without complaint',
      run: async (env) => {
        deepEqual(await (await env.producer()).send([]), []);
      },
    },
    {
      name: 'waits in close for what was sent, and takes nothing more',
      run: async (env) => {
        const topic = await env.topic();
        const producer = await env.producer();
        const sent = Promise.all(Array.from({ length: 20 }, (_, n) => producer.send([{ topic, value: String(n) }])));
        let acknowledged = false;
        void sent.then(() => {
          acknowledged = true;
        });
        await Promise.all([producer.close(), producer.close()]);
        ok(acknowledged);
        await producer.close();
        await rejects(producer.send([{ topic, value: 'late' }]), { code: 'NOT_RUNNING' });
        await env.readAll(topic, 20);
      },
    },
  ],
};
