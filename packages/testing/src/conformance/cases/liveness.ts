import { deepEqual, equal } from 'node:assert/strict';
import type { ConformanceChapter } from '../conformance-case.js';
import type { Environment } from '../world/environment.js';
import type { Probe } from '../world/probe.js';

export const LIVENESS: ConformanceChapter = {
  title: 'the session',
  cases: [
    {
      name: 'outlives a time in which everything is paused, longer than it',
      run: async (env) => {
        const { topic, a } = await member(env);
        a.pause(...a.held.values());
        await outlives(env, a);
        a.resume(...a.held.values());
        await env.fill({ topic, partition: 0 }, 1, 10);
        await env.until('a record', () => a.taken.length === 21);
      },
    },
    {
      name: 'outlives a time in which everything is full, longer than it',
      run: async (env) => {
        const { topic, a } = await member(env);
        a.onRecords = () => 0;
        for (const partition of [0, 1]) await env.fill({ topic, partition }, 5, 10);
        await outlives(env, a);
        a.onRecords = ({ records }) => records.length;
        a.resume(...a.held.values());
        await env.until('the rest', () => a.taken.length === 30);
      },
    },
    {
      name: 'outlives an assigned that takes longer than it',
      run: async (env) => {
        const topic = await env.topic(1);
        await env.fill({ topic, partition: 0 }, 3);
        const a = env.member(topic);
        a.onAssigned = () => env.wait(env.sessionTimeoutMs * 1.5);
        await a.start();
        await env.until('the records', () => a.taken.length === 3);
        equal(a.assignments.length, 1);
        await a.commit({ topic, partition: 0 }, 3);
        deepEqual(a.losses, []);
      },
    },
  ],
};

async function member(env: Environment): Promise<{ topic: string; a: Probe }> {
  const topic = await env.topic(2);
  for (const partition of [0, 1]) await env.fill({ topic, partition }, 10);
  const a = await env.joined(topic);
  await env.until('all records', () => a.taken.length === 20);
  return { topic, a };
}

async function outlives(env: Environment, a: Probe): Promise<void> {
  await env.wait(env.sessionTimeoutMs * 1.5);
  deepEqual(a.losses, []);
  equal(a.joins, 1);
  const { members } = await (await env.admin()).describeGroup(env.groupId);
  deepEqual(
    members.map(({ memberId }) => memberId),
    [a.memberId],
  );
}
