import { deepEqual, equal } from 'node:assert/strict';
import type { ConformanceChapter } from '../conformance-case.js';
import type { Environment } from '../world/environment.js';
import type { Probe } from '../world/probe.js';

export const POSITIONS: ConformanceChapter = {
  title: 'positions',
  cases: [
    {
      name: 'start where assigned names them, whatever is committed',
      run: async (env) => {
        const topic = await env.topic(2);
        for (const partition of [0, 1]) await env.fill({ topic, partition }, 10);
        await committedAt(env, topic, 3);
        const a = env.member(topic);
        a.startOf = async ({ partition }) => (partition === 0 ? 7 : 1);
        await a.start();
        await env.until('all of them', () => a.taken.length === 12);
        deepEqual(a.offsets({ topic, partition: 0 }), [7, 8, 9]);
        deepEqual(a.offsets({ topic, partition: 1 }), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
      },
    },
    {
      name: 'at the end of the log wait for what comes',
      run: async (env) => {
        const topic = await env.topic();
        const partition = { topic, partition: 0 };
        await env.fill(partition, 5);
        const a = env.member(topic);
        a.startOf = async () => 5;
        await a.start();
        await env.until('joined', () => a.joins === 1);
        await env.fill(partition, 1, 5);
        await env.until('the new one', () => a.taken.length > 0);
        deepEqual(a.offsets(partition), [5]);
      },
    },
    {
      name: 'of partitions that stay are put back to where assigned names them',
      run: async (env) => {
        const { topic, a, kept } = await joinedTwice(env, (member) => {
          for (const key of member.positions.keys()) member.positions.set(key, 4);
          member.onAssigned = async () => undefined;
        });
        await env.until('they come again', () => a.offsets(kept).length >= 16);
        deepEqual(a.offsets(kept).slice(10), [4, 5, 6, 7, 8, 9]);
        equal(a.offsets({ topic, partition: 1 - kept.partition }).length, 10);
      },
    },
    {
      name: 'of partitions that stay and are not named go on where they stood, although nothing was committed',
      run: async (env) => {
        const { a, kept } = await joinedTwice(env, (member) => {
          member.namesKept = false;
        });
        await env.fill(kept, 1, 10);
        await env.until('the new one', () => a.offsets(kept).length > 10);
        deepEqual(a.offsets(kept), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      },
    },
    {
      name: 'of new partitions that are not named are the committed ones',
      run: async (env) => {
        const topic = await env.topic();
        const partition = { topic, partition: 0 };
        await env.fill(partition, 10);
        await committedAt(env, topic, 6);
        deepEqual(await unnamed(env, topic, 4), [6, 7, 8, 9]);
      },
    },
    {
      name: 'of new partitions that are neither named nor committed are the beginning',
      run: async (env) => {
        const topic = await env.topic();
        await env.fill({ topic, partition: 0 }, 3);
        deepEqual(await unnamed(env, topic, 3), [0, 1, 2]);
      },
    },
    {
      name: 'are the end instead where fromBeginning is false',
      run: async (env) => {
        const topic = await env.topic();
        const partition = { topic, partition: 0 };
        await env.fill(partition, 3);
        const a = env.member(topic, { fromBeginning: false });
        a.startOf = async () => undefined;
        await a.start();
        await env.until('joined', () => a.joins === 1);
        // Where the end is is asked for by the client, in its own time: records come until it has been.
        let next = 3;
        await env.until('a record', async () => {
          await env.fill(partition, 1, next++);
          await env.wait(20);
          return a.taken.length > 0;
        });
        equal((a.offsets(partition)[0] as number) >= 3, true);
        equal(await env.cluster.storedOffset(env.groupId, partition), undefined);
      },
    },
    {
      name: 'of a seek hold as those of assigned do, over the next join',
      run: async (env) => {
        const { topic, a } = await holding(env);
        for (const partition of [0, 1]) a.seek({ topic, partition, offset: 8 });
        await env.until('they come again', () => a.taken.length === 24);
        const b = env.member(topic);
        await env.share([a, b], 2);
        const [mine] = a.partitions as [number];
        await env.fill({ topic, partition: mine }, 1, 10);
        await env.until('the new one', () => a.taken.length === 25);
        equal(a.taken.at(-1)?.offset, 10);
      },
    },
  ],
};

/** One member that has taken ten records of each of two partitions. */
async function holding(env: Environment): Promise<{ topic: string; a: Probe }> {
  const topic = await env.topic(2);
  for (const partition of [0, 1]) await env.fill({ topic, partition }, 10);
  const a = await env.joined(topic);
  a.onRevoking = async () => undefined;
  await env.until('a has all', () => a.taken.length === 20);
  return { topic, a };
}

/** The same after another has joined and got one of the two; `before` runs while the second join is on. */
async function joinedTwice(env: Environment, before: (a: Probe) => void) {
  const { topic, a } = await holding(env);
  a.onAssigned = async () => before(a);
  await env.share([a, env.member(topic)], 2);
  return { topic, a, kept: { topic, partition: a.partitions[0] as number } };
}

/** The group has committed this offset for partition 0 and 1, and nobody is a member. */
async function committedAt(env: Environment, topic: string, offset: number): Promise<void> {
  const before = await env.joined(topic);
  for (const { partition } of before.held.values()) await before.commit({ topic, partition }, offset);
  await before.stop();
}

/** What a member gets of partition 0 that names no position. */
async function unnamed(env: Environment, topic: string, count: number): Promise<number[]> {
  const a = env.member(topic);
  a.startOf = async () => undefined;
  await a.start();
  await env.until('the records', () => a.taken.length >= count);
  return a.offsets({ topic, partition: 0 });
}
