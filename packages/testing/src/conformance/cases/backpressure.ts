import { deepEqual, equal } from 'node:assert/strict';
import type { ConformanceChapter } from '../conformance-case.js';
import type { Environment } from '../world/environment.js';
import type { Probe } from '../world/probe.js';

export const BACKPRESSURE: ConformanceChapter = {
  title: 'backpressure',
  cases: [
    {
      name: 'offers what was not taken again after resume, and nothing before',
      run: async (env) => {
        const { a, main, marker } = await withRoom(env, 4);
        await env.until('the first', () => a.offsets(main).length === 4);
        await env.fill(main, 10, 10);
        await env.passed(a, marker);
        equal(a.offsets(main).length, 4);
        a.onRecords = all;
        a.resume(main);
        await env.until('the rest', () => a.offsets(main).length === 20);
        deepEqual(a.offsets(main), upTo(20));
      },
    },
    {
      name: 'takes none for an answer',
      run: async (env) => {
        const { a, main, marker } = await withRoom(env, 0);
        await env.until('the offer', () => a.batches.some(({ partition }) => partition === main.partition));
        await env.passed(a, marker);
        a.onRecords = all;
        a.resume(main);
        await env.until('all of them', () => a.offsets(main).length === 10);
        deepEqual(a.offsets(main), upTo(10));
      },
    },
    {
      name: 'loses nothing and keeps the order where little is taken at a time',
      run: async (env) => {
        const topic = await env.topic(2);
        const partitions = [0, 1].map((partition) => ({ topic, partition }));
        for (const partition of partitions) await env.fill(partition, 1200);
        const a = env.member(topic);
        let room = [0, 0];
        a.onRecords = ({ partition, records }) => {
          const count = Math.min(records.length, room[partition] as number);
          room[partition] = (room[partition] as number) - count;
          return count;
        };
        await a.start();
        await env.until('all of them', () => {
          room = [37, 23];
          a.resume(...partitions);
          return a.taken.length >= 2400;
        });
        for (const partition of partitions) deepEqual(a.offsets(partition), upTo(1200));
      },
    },
    {
      name: 'leaves the other partitions alone where one is full',
      run: async (env) => {
        const { a, main, marker } = await withRoom(env, 3);
        await env.until('the first', () => a.offsets(main).length === 3);
        for (let n = 0; n < 5; n++) await env.passed(a, marker);
        equal(a.offsets(main).length, 3);
      },
    },
    {
      name: 'hands over nothing of a paused partition until it is resumed',
      run: async (env) => {
        const { a, main, marker } = await withRoom(env, Infinity);
        await env.until('the first', () => a.offsets(main).length === 10);
        a.pause(main);
        await env.fill(main, 5, 10);
        await env.passed(a, marker);
        await env.passed(a, marker);
        equal(a.offsets(main).length, 10);
        a.resume(main);
        await env.until('the rest', () => a.offsets(main).length === 15);
        deepEqual(a.offsets(main), upTo(15));
      },
    },
    {
      name: 'goes on at once when everything was paused and one partition is resumed',
      run: async (env) => {
        const { a, main, marker } = await withRoom(env, Infinity);
        await env.until('the first', () => a.offsets(main).length === 10);
        a.pause(main, marker);
        await env.fill(main, 1, 10);
        await env.wait(env.sessionTimeoutMs / 4);
        a.resume(main);
        await env.until('the record', () => a.offsets(main).length === 11, 1500);
      },
    },
    {
      name: 'ignores partitions that are not held, and a resume of one that runs',
      run: async (env) => {
        const { topic, a, main } = await withRoom(env, Infinity);
        const others = [
          { topic, partition: 99 },
          { topic: env.name('other'), partition: 0 },
        ];
        a.pause(...others);
        a.resume(...others, main);
        for (const other of others) a.seek({ ...other, offset: 1 });
        await env.until('all of them', () => a.offsets(main).length === 10);
        await env.fill(main, 1, 10);
        await env.until('one more', () => a.offsets(main).length === 11);
        deepEqual(a.offsets(main), upTo(11));
      },
    },
    {
      name: 'seeks backwards',
      run: async (env) => {
        const { a, main } = await withRoom(env, Infinity);
        await env.until('all of them', () => a.offsets(main).length === 10);
        a.seek({ ...main, offset: 7 });
        await env.until('three again', () => a.offsets(main).length === 13);
        deepEqual(a.offsets(main).slice(10), [7, 8, 9]);
      },
    },
    {
      name: 'seeks forwards and throws away what was kept back',
      run: async (env) => {
        const { a, main } = await withRoom(env, 2);
        await env.until('the first', () => a.offsets(main).length === 2);
        a.onRecords = all;
        a.seek({ ...main, offset: 8 });
        await env.until('the last', () => a.offsets(main).length === 4);
        deepEqual(a.offsets(main), [0, 1, 8, 9]);
      },
    },
    {
      name: 'seeks from within records, and goes on there',
      run: async (env) => {
        const { a, main } = await withRoom(env, 0);
        await env.until('the offer', () => a.batches.length > 0);
        let sought = false;
        a.onRecords = (batch) => {
          if (!sought) a.seek({ ...main, offset: 6 });
          const first = !sought;
          sought = true;
          return first ? 2 : batch.records.length;
        };
        a.resume(main);
        await env.until('the last', () => a.offsets(main).includes(9));
        deepEqual(a.offsets(main), [0, 1, 6, 7, 8, 9]);
      },
    },
    {
      name: 'keeps a paused partition paused over a seek',
      run: async (env) => {
        const { a, main, marker } = await withRoom(env, Infinity);
        await env.until('all of them', () => a.offsets(main).length === 10);
        a.pause(main);
        a.seek({ ...main, offset: 5 });
        await env.passed(a, marker);
        await env.passed(a, marker);
        equal(a.offsets(main).length, 10);
        a.resume(main);
        await env.until('five again', () => a.offsets(main).length === 15);
        deepEqual(a.offsets(main).slice(10), [5, 6, 7, 8, 9]);
      },
    },
    {
      name: 'goes on where resume came from within records',
      run: async (env) => {
        const { a, main } = await withRoom(env, 0);
        await env.until('the offer', () => a.batches.length > 0);
        a.onRecords = () => {
          a.resume(main);
          return 3;
        };
        a.resume(main);
        await env.until('all of them', () => a.offsets(main).length === 10);
        deepEqual(a.offsets(main), upTo(10));
      },
    },
    {
      name: 'keeps a pause over a join that leaves the partition here',
      run: async (env) => {
        const topic = await env.topic(4);
        const a = await env.joined(topic);
        a.pause(...a.held.values());
        const b = env.member(topic);
        await env.share([a, b], 4);
        const [one, two] = a.partitions.map((partition) => ({ topic, partition })) as [Part, Part];
        await env.fill(one, 3);
        a.resume(two);
        await env.passed(a, two);
        await env.passed(a, two);
        deepEqual(a.offsets(one), []);
        a.resume(one);
        await env.until('all of them', () => a.offsets(one).length === 3);
      },
    },
    {
      name: 'asks again after a join about a partition that was full',
      run: async (env) => {
        const topic = await env.topic(2);
        for (const partition of [0, 1]) await env.fill({ topic, partition }, 10);
        const a = env.member(topic);
        a.onRecords = () => 2;
        await a.start();
        await env.until('the first', () => a.taken.length === 4);
        a.onRecords = all;
        const b = env.member(topic);
        await env.share([a, b], 2);
        const mine = { topic, partition: a.partitions[0] as number };
        await env.until('the rest', () => a.offsets(mine).length === 10);
        deepEqual(a.offsets(mine), upTo(10));
      },
    },
  ],
};

interface Part {
  readonly topic: string;
  readonly partition: number;
}

const all = ({ records }: { readonly records: readonly unknown[] }): number => records.length;

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** A member of two partitions: `main` has ten records, of which `room` are taken at a time; `marker` has none. */
async function withRoom(
  env: Environment,
  room: number,
): Promise<{ topic: string; a: Probe; main: Part; marker: Part }> {
  const topic = await env.topic(2);
  const [main, marker] = [
    { topic, partition: 0 },
    { topic, partition: 1 },
  ];
  await env.fill(main, 10);
  const a = env.member(topic);
  a.onRecords = ({ partition, records }) => (partition === 0 ? Math.min(room, records.length) : records.length);
  await a.start();
  await env.until('joined', () => a.states.at(-1) === 'joined');
  return { topic, a, main, marker };
}
