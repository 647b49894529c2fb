import { deepEqual, equal, ok } from 'node:assert/strict';
import type { TopicPartition } from '@kafka-worker/engine';
import type { ConformanceChapter } from '../conformance-case.js';
import type { Environment } from '../world/environment.js';
import type { Probe } from '../world/probe.js';

export const OUT_OF_RANGE: ConformanceChapter = {
  title: 'positions outside of the log',
  cases: [
    {
      name: 'behind its end are told as a loss and asked for again, with nothing committed and no jump',
      run: async (env) => {
        const { a, main, other } = await startedAt(env, 999);
        await askedAgain(env, a, main, other);
      },
    },
    {
      name: 'before its beginning likewise',
      run: async (env) => {
        const { a, main, other } = await startedAt(env, 1, 3);
        await askedAgain(env, a, main, other);
      },
    },
    {
      name: 'where retention overtakes the member likewise',
      run: async (env) => {
        const { a, main, other } = await startedAt(env, 2);
        await env.until('the first', () => a.offsets(main).length === 8);
        a.pause(main);
        await env.fill(main, 10, 10);
        await env.passed(a, other);
        await env.cluster.deleteRecordsBefore(main, 15);
        a.startOf = async (partition) => (await a.consumer.logRanges([partition]))[0]?.low;
        a.seek({ ...main, offset: 12 });
        a.resume(main);
        await env.until('the rest', () => a.offsets(main).length === 13);
        deepEqual(a.offsets(main).slice(8), [15, 16, 17, 18, 19]);
        deepEqual(
          a.losses.map(({ partitions }) => partitions.map(({ partition }) => partition)),
          [[0]],
        );
        equal(await env.cluster.storedOffset(env.groupId, main), undefined);
      },
    },
    {
      name: 'are asked for again and again where they are named again, and never left in silence',
      run: async (env) => {
        const { a, main } = await startedAt(env, 999);
        a.startOf = async () => 999;
        await env.until('three times', () => a.losses.length >= 3);
        a.startOf = async () => 4;
        await env.until('records', () => a.offsets(main).length === 6, 60_000);
      },
    },
  ],
};

/**
 * A member that names `offset` once for partition 0 and 4 from then on, of logs of ten records of which those below
 * `low` are gone.
 */
async function startedAt(env: Environment, offset: number, low = 0) {
  const topic = await env.topic(2);
  const [main, other] = [
    { topic, partition: 0 },
    { topic, partition: 1 },
  ];
  await env.fill(main, 10);
  await env.fill(other, 10);
  if (low > 0) await env.cluster.deleteRecordsBefore(main, low);
  const a = env.member(topic);
  a.onRevoking = async () => undefined;
  let asked = 0;
  a.startOf = async ({ partition }) => (partition === 0 && asked++ === 0 ? offset : 4);
  await a.start();
  return { a, main, other };
}

async function askedAgain(env: Environment, a: Probe, main: TopicPartition, other: TopicPartition): Promise<void> {
  await env.until('records', () => a.taken.length >= 12);
  deepEqual(a.offsets(main), [4, 5, 6, 7, 8, 9]);
  deepEqual(a.offsets(other), [4, 5, 6, 7, 8, 9]);
  deepEqual(
    a.losses.map(({ partitions }) => partitions),
    [[main]],
  );
  ok(a.losses[0]?.cause.message.includes(`${main.topic}/0`), a.losses[0]?.cause.message);
  equal(await env.cluster.storedOffset(env.groupId, main), undefined);
  ok(!a.states.includes('crashed'));
}
