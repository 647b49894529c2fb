import { deepEqual, equal, ok } from 'node:assert/strict';
import { deferred } from '../../clock/deferred.js';
import {
  COMMIT_DURING_REVOKE,
  type ConformanceChapter,
  EAGER,
  ENGINE_KEEPS_ALIVE,
  INCREMENTAL,
  CLIENT_KEEPS_ALIVE,
} from '../conformance-case.js';
import type { Environment } from '../world/environment.js';
import type { Probe } from '../world/probe.js';

export const HAND_OVER: ConformanceChapter = {
  title: 'handing over',
  cases: [
    {
      name: 'asks for every partition in each join',
      needs: EAGER,
      run: async (env) => {
        const { a, b } = await pair(env, 4);
        await env.share([a, b], 4);
        deepEqual(numbers(a), [[0, 1, 2, 3]]);
      },
    },
    {
      name: 'asks only for what leaves, and goes on handing over the rest meanwhile',
      needs: INCREMENTAL,
      run: async (env) => {
        const { topic, a, b } = await pair(env, 4);
        const drained = deferred();
        a.onRevoking = () => drained.promise;
        await b.start();
        await env.until('a is asked', () => a.revokes.length === 1);
        const [kept] = a.partitions;
        equal(a.partitions.length, 2);
        await env.passed(a, { topic, partition: kept as number });
        drained.resolve();
        await env.share([a, b], 4);
        equal(numbers(a).flat().length, 2);
      },
    },
    {
      name: 'tells the next owner only when revoking has settled',
      run: async (env) => {
        const { a, b } = await pair(env, 4);
        const drained = deferred();
        let handedOver = false;
        a.onRevoking = async () => {
          await drained.promise;
          await a.commitPositions();
          handedOver = true;
        };
        let early = false;
        b.onAssigned = async ({ partitions }) => {
          early ||= partitions.length > 0 && !handedOver;
        };
        await b.start();
        await env.until('a is asked', () => a.revokes.length === 1);
        await env.wait(env.sessionTimeoutMs / 4);
        deepEqual(b.partitions, []);
        drained.resolve();
        await env.share([a, b], 4);
        equal(early, false);
        deepEqual(a.losses, []);
      },
    },
    {
      name: 'gives a deadline within the rebalance timeout',
      run: async (env) => {
        const { a, b } = await pair(env, 2, { rebalanceTimeoutMs: env.sessionTimeoutMs * 3 });
        await env.share([a, b], 2);
        for (const { deadlineMs } of a.revokes) {
          ok(deadlineMs > env.sessionTimeoutMs, `${deadlineMs} ms is too little`);
          ok(deadlineMs <= env.sessionTimeoutMs * 3, `${deadlineMs} ms is more than the group waits`);
        }
      },
    },
    {
      name: 'waits no longer than the deadline',
      run: async (env) => {
        // Shorter than the session, so that only the deadline can end it.
        const { a, b } = await pair(env, 2, { rebalanceTimeoutMs: env.sessionTimeoutMs * 0.75 });
        const never = deferred();
        a.onRevoking = () => never.promise;
        await b.start();
        await env.until('b gets some', () => b.partitions.length > 0, env.sessionTimeoutMs * 3);
        a.onRevoking = async () => undefined;
        await env.share([a, b], 2);
        never.resolve();
      },
    },
    {
      name: 'starts the next owner where the last commit of revoking was, and repeats nothing',
      needs: COMMIT_DURING_REVOKE,
      run: async (env) => {
        const { topic, a, b } = await pair(env, 4);
        for (let partition = 0; partition < 4; partition++) await env.fill({ topic, partition }, 20);
        await env.until('a has all', () => a.taken.length === 80);
        await env.share([a, b], 4);
        for (let partition = 0; partition < 4; partition++) await env.fill({ topic, partition }, 1, 20);
        await env.until('the new ones', () => a.taken.length + b.taken.length >= 84);
        const later = [...a.taken.slice(80), ...b.taken].map(({ offset }) => offset);
        deepEqual(later, [20, 20, 20, 20]);
      },
    },
    {
      name: 'gives what arrived during the hand-over to the next owner',
      run: async (env) => {
        const { topic, a, b } = await pair(env, 2);
        const drained = deferred();
        a.onRevoking = async () => {
          await drained.promise;
          await a.commitPositions();
        };
        await b.start();
        await env.until('a is asked', () => a.revokes.length === 1);
        for (const partition of [0, 1]) await env.fill({ topic, partition }, 5);
        await env.wait(env.sessionTimeoutMs / 4);
        drained.resolve();
        await env.share([a, b], 2);
        await env.until('all of them', () => a.taken.length + b.taken.length === 10);
        const [moved] = b.partitions as [number];
        deepEqual(a.offsets({ topic, partition: moved }), []);
        deepEqual(b.offsets({ topic, partition: moved }), [0, 1, 2, 3, 4]);
      },
    },
    {
      name: 'asks once, also where another member comes during the hand-over',
      run: async (env) => {
        const { topic, a, b } = await pair(env, 6);
        const drained = deferred();
        a.onRevoking = async () => {
          await drained.promise;
          await a.commitPositions();
        };
        const c = env.member(topic);
        await b.start();
        await env.until('a is asked', () => a.revokes.length === 1);
        await c.start();
        await env.wait(env.sessionTimeoutMs / 4);
        drained.resolve();
        // That nothing was asked for twice is looked at in every case.
        await env.share([a, b, c], 6);
      },
    },
    {
      name: 'goes on while nothing but commits at the pace of keepAliveDuringRevokeMs is heard, longer than a session',
      needs: ENGINE_KEEPS_ALIVE,
      run: async (env) => {
        const paceMs = env.driver.capabilities.keepAliveDuringRevokeMs?.({
          groupId: env.groupId,
          topics: [],
          sessionTimeoutMs: env.sessionTimeoutMs,
        }) as number;
        await drainLong(env, async (a) => {
          await a.commitPositions();
          await env.wait(paceMs);
        });
      },
    },
    {
      name: 'keeps the session by itself during a hand-over longer than it',
      needs: CLIENT_KEEPS_ALIVE,
      run: (env) => drainLong(env, () => env.wait(env.sessionTimeoutMs / 4)),
    },
  ],
};

/** Drains for one and a half sessions, `step` by step; the member must still be the same then. */
async function drainLong(env: Environment, step: (a: Probe) => Promise<void>): Promise<void> {
  const { topic, a, b } = await pair(env, 2);
  for (const partition of [0, 1]) await env.fill({ topic, partition }, 5);
  await env.until('a has all', () => a.taken.length === 10);
  a.onRevoking = async () => {
    for (const end = env.now + env.sessionTimeoutMs * 1.5; env.now < end;) await step(a);
    await a.commitPositions('drained');
  };
  await b.start();
  await env.share([a, b], 2);
  deepEqual(a.losses, []);
  equal(a.assignments.at(-1)?.memberId, a.assignments[0]?.memberId);
  const [moved] = b.partitions as [number];
  const [committed] = await b.consumer.committed([{ topic, partition: moved }]);
  deepEqual([committed?.offset, committed?.metadata], [5, 'drained']);
}

/** One that holds everything, and one that has not been started. */
async function pair(
  env: Environment,
  partitions: number,
  options: { rebalanceTimeoutMs?: number } = {},
): Promise<{ topic: string; a: Probe; b: Probe }> {
  const topic = await env.topic(partitions);
  const a = await env.joined(topic, options);
  return { topic, a, b: env.member(topic, options) };
}

/** What each revoking asked for. */
function numbers(member: Probe): number[][] {
  return member.revokes.map(({ partitions }) => partitions.map(({ partition }) => partition).sort((x, y) => x - y));
}
