import { deepEqual, equal, ok } from 'node:assert/strict';
import type { CommitError } from '@kafka-worker/engine';
import { deferred } from '../../clock/deferred.js';
import { COMMIT_DURING_REVOKE, type ConformanceChapter, INCREMENTAL } from '../conformance-case.js';
import type { Environment } from '../world/environment.js';
import type { Probe } from '../world/probe.js';

/** How long `stop` may take beside a JoinGroup that others hold up. Milliseconds. */
const HELD_UP_MS = 10_000;

export const STOPPING: ConformanceChapter = {
  title: 'stopping',
  cases: [
    {
      name: 'leaves the group at once: the other has everything before a session is over',
      run: async (env) => {
        const { a, b } = await sharing(env);
        const begun = env.now;
        await a.stop();
        await env.until('b has all', () => b.partitions.length === 4 && b.states.at(-1) === 'joined');
        ok(env.now - begun < env.sessionTimeoutMs, `${env.now - begun} ms`);
        const { members } = await (await env.admin()).describeGroup(env.groupId);
        deepEqual(
          members.map(({ memberId }) => memberId),
          [b.memberId],
        );
      },
    },
    {
      name: 'closes every connection',
      run: async (env) => {
        const topic = await env.topic();
        const a = await env.joined(topic);
        await a.consumer.committed([{ topic, partition: 0 }]);
        ok(env.cluster.connections() > 0);
        await a.stop();
        equal(env.cluster.connections(), 0);
      },
    },
    {
      name: 'is idempotent, never rejects, and is possible without a start',
      run: async (env) => {
        const topic = await env.topic();
        const a = await env.joined(topic);
        await Promise.all([a.stop(), a.stop()]);
        await a.stop();
        equal(a.states.filter((state) => state === 'stopped').length, 1);
        const b = env.member(topic);
        await Promise.all([b.stop(), b.stop()]);
        deepEqual(b.states, []);
      },
    },
    {
      name: 'tells nothing afterwards, whatever happens',
      run: async (env) => {
        const { topic, a, b } = await sharing(env);
        for (let partition = 0; partition < 4; partition++) await env.fill({ topic, partition }, 50);
        await a.stop();
        const told = [a.log.length, a.states.length, a.batches.length];
        await b.stop();
        for (let partition = 0; partition < 4; partition++) await env.fill({ topic, partition }, 5, 50);
        const c = await env.joined(topic);
        await env.until('the next one reads', () => c.taken.length > 0);
        deepEqual([a.log.length, a.states.length, a.batches.length], told);
      },
    },
    {
      name: 'hands over nothing from the call on',
      run: async (env) => {
        const topic = await env.topic();
        const a = await env.joined(topic);
        a.pause({ topic, partition: 0 });
        await env.fill({ topic, partition: 0 }, 5);
        a.resume({ topic, partition: 0 });
        const stopped = a.stop();
        const batches = a.batches.length;
        await stopped;
        equal(a.batches.length, batches);
      },
    },
    {
      name: 'is possible while start is under way',
      run: async (env) => {
        const topic = await env.topic();
        const a = env.member(topic);
        const started = a.start().catch(() => undefined);
        await a.stop();
        await started;
        equal(env.cluster.connections(), 0);
        await env.until('no member is left', async () => {
          const { members } = await (await env.admin()).describeGroup(env.groupId);
          return members.length === 0;
        });
      },
    },
    {
      name: 'does not wait for the slowest other member where a join is under way',
      run: async (env) => {
        const topic = await env.topic(2);
        const slow = await env.joined(topic, { rebalanceTimeoutMs: HELD_UP_MS * 4 });
        const drained = deferred();
        slow.onRevoking = () => keptAlive(env, slow, drained.promise);
        const a = env.member(topic, { rebalanceTimeoutMs: HELD_UP_MS * 4 });
        await a.start();
        await env.until('the slow one is asked', () => slow.revokes.length > 0);
        const begun = env.now;
        await a.stop();
        ok(env.now - begun < HELD_UP_MS, `${env.now - begun} ms`);
        equal(a.partitions.length, 0);
        drained.resolve();
        await env.until('the slow one has all again', () => slow.partitions.length === 2);
      },
    },
    {
      name: 'once announced ends the membership with the next join, after a last commit',
      needs: COMMIT_DURING_REVOKE,
      run: async (env) => {
        const { topic, a, b } = await sharing(env);
        const mine = a.partitions.map((partition) => ({ topic, partition }));
        const asked: number[] = [];
        a.onRevoking = async (partitions) => {
          asked.push(...partitions.map(({ partition }) => partition));
          for (const partition of partitions) await a.commit(partition, 0, 'left');
        };
        a.consumer.stopping();
        const joins = a.joins;
        const c = env.member(topic);
        await c.start();
        await env.until('the others have all', () => {
          const all = [...b.partitions, ...c.partitions].sort((x, y) => x - y);
          return all.join() === '0,1,2,3' && c.states.at(-1) === 'joined' && b.states.at(-1) === 'joined';
        });
        deepEqual(
          asked.sort((x, y) => x - y),
          mine.map(({ partition }) => partition),
        );
        equal(a.joins, joins);
        ok(!a.states.includes('crashed'));
        for (const partition of mine) equal(await env.cluster.storedOffset(env.groupId, partition), 0);
        await a.stop();
      },
    },
    {
      name: 'announced at any moment of a join still has its last commit accepted',
      needs: INCREMENTAL,
      run: async (env) => {
        for (let moment = 0; moment < 40; moment++) await announcedAt(env, moment);
      },
    },
  ],
};

/** Two members that hold two of four partitions each. */
async function sharing(env: Environment): Promise<{ topic: string; a: Probe; b: Probe }> {
  const topic = await env.topic(4);
  const a = await env.joined(topic);
  const b = env.member(topic);
  await env.share([a, b], 4);
  return { topic, a, b };
}

/** Waits for a promise with the commits that keep a session, where the client leaves that to the engine. */
async function keptAlive(env: Environment, member: Probe, promise: Promise<void>): Promise<void> {
  const paceMs = env.capabilities.keepAliveDuringRevokeMs?.({
    groupId: env.groupId,
    topics: [],
    sessionTimeoutMs: env.sessionTimeoutMs,
  });
  let over = false;
  const ended = promise.then(() => {
    over = true;
  });
  while (!over && paceMs !== undefined) {
    await member.commitPositions();
    await Promise.race([ended, env.wait(paceMs)]);
  }
  await ended;
}

/**
 * A third member begins to join `moment` milliseconds after a second one, and `stopping()` comes right then: at one of
 * the moments the first is between JoinGroup and SyncGroup, and its SyncGroup meets the next join. Its last commit, made
 * when it is asked to let go, must reach the group all the same.
 */
async function announcedAt(env: Environment, moment: number): Promise<void> {
  const topic = await env.topic(4);
  const groupId = env.name('group');
  const a = await env.joined(topic, { groupId });
  let refused: CommitError | undefined;
  a.onRevoking = async (partitions) => {
    for (const partition of partitions) {
      await a.commit(partition, 0, 'last').catch((error: CommitError) => {
        refused = error;
      });
    }
  };
  const others = [0, 1, 2].map(() => env.member(topic, { groupId }));
  const [b, c, d] = others as [Probe, Probe, Probe];
  await b.start();
  await env.wait(moment);
  const started = c.start();
  // While the third one is on its way to the group.
  await env.wait(4);
  a.consumer.stopping();
  await started;
  // Where everything was over by then it is this join that ends the membership.
  await d.start();
  await env.until('the others have all', () => {
    const all = others.flatMap((member) => member.partitions).sort((x, y) => x - y);
    return all.join() === '0,1,2,3' && others.every((member) => member.states.at(-1) === 'joined');
  });
  equal(refused, undefined, `announced at moment ${moment}`);
  await Promise.all([a, ...others].map((member) => member.stop()));
}
