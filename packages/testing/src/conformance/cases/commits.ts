import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { CommitError } from '@kafka-worker/engine';
import { deferred } from '../../clock/deferred.js';
import { COMMIT_DURING_REVOKE, type ConformanceChapter, EAGER } from '../conformance-case.js';
import type { Environment } from '../world/environment.js';
import type { Probe } from '../world/probe.js';

const STALE = { name: 'CommitError', code: 'COMMIT_STALE', canRetry: false };

/** Characters that a broker stores with an offset, unless it is set up otherwise. */
const MAX_METADATA = 4096;

export const COMMITS: ConformanceChapter = {
  title: 'commits',
  cases: [
    {
      name: 'are read back with offset and metadata, and undefined where there are none',
      run: async (env) => {
        const { a, one, two } = await member(env);
        const metadata = 'done-set é€';
        await a.commit(one, 5, metadata);
        deepEqual(await a.consumer.committed([one, two]), [
          { ...one, offset: 5, metadata },
          { ...two, offset: undefined, metadata: '' },
        ]);
        equal(await env.cluster.storedOffset(env.groupId, one), 5);
      },
    },
    {
      name: 'outlive the member and are what the next one reads',
      run: async (env) => {
        const { topic, a, one } = await member(env);
        await a.commit(one, 3, 'map');
        await a.stop();
        const b = await env.joined(topic);
        deepEqual(await b.consumer.committed([one]), [{ ...one, offset: 3, metadata: 'map' }]);
      },
    },
    {
      name: 'may go backwards, and to zero',
      run: async (env) => {
        const { a, one } = await member(env);
        await a.commit(one, 5);
        await a.commit(one, 0);
        deepEqual(await a.consumer.committed([one]), [{ ...one, offset: 0, metadata: '' }]);
      },
    },
    {
      name: 'carry 4,096 characters of metadata, and say so where there are more',
      run: async (env) => {
        const { a, one } = await member(env);
        const metadata = 'ü'.repeat(MAX_METADATA);
        await a.commit(one, 5, metadata);
        await rejects(a.commit(one, 6, `${metadata}x`), { name: 'CommitError', code: 'COMMIT_METADATA_TOO_LARGE' });
        deepEqual(await a.consumer.committed([one]), [{ ...one, offset: 5, metadata }]);
        await a.commit(one, 7, 'still a member');
        deepEqual(a.losses, []);
      },
    },
    {
      name: 'of one caller keep their order',
      run: async (env) => {
        const { a, one } = await member(env);
        await Promise.all(Array.from({ length: 20 }, (_, n) => a.commit(one, n, `commit ${n}`)));
        deepEqual(await a.consumer.committed([one]), [{ ...one, offset: 19, metadata: 'commit 19' }]);
      },
    },
    {
      name: 'of nothing are no error',
      run: async (env) => {
        const { a } = await member(env);
        await a.consumer.commit([]);
      },
    },
    {
      name: 'are stale before start and before the first assigned',
      run: async (env) => {
        const topic = await env.topic();
        const a = env.member(topic);
        await rejects(a.commit({ topic, partition: 0 }, 1), STALE);
        const holder = await env.joined(topic);
        const drained = deferred();
        holder.onRevoking = () => drained.promise;
        await a.start();
        await env.until('the holder is asked', () => holder.revokes.length > 0 || holder.assignments.length > 1);
        if (a.assignments.length === 0) await rejects(a.commit({ topic, partition: 0 }, 1), STALE);
        drained.resolve();
        equal(await env.cluster.storedOffset(env.groupId, { topic, partition: 0 }), undefined);
      },
    },
    {
      name: 'are accepted while revoking is awaited',
      needs: COMMIT_DURING_REVOKE,
      run: async (env) => {
        const { topic, a } = await member(env);
        const outcomes: unknown[] = [];
        a.onRevoking = async (partitions) => {
          for (const partition of partitions) outcomes.push(await outcome(a.commit(partition, 4, 'last')));
        };
        const b = env.member(topic);
        await env.share([a, b], 2);
        ok(outcomes.length > 0);
        ok(outcomes.every((error) => error === undefined));
        const [moved] = b.partitions as [number];
        const [committed] = await b.consumer.committed([{ topic, partition: moved }]);
        deepEqual([committed?.offset, committed?.metadata], [4, 'last']);
      },
    },
    {
      name: 'are stale between the end of revoking and the next assigned',
      needs: EAGER,
      run: async (env) => {
        const { topic, a, one } = await member(env);
        const between = deferred<unknown>();
        a.onRevoking = async () => {
          await a.commit(one, 2, 'last');
          // The driver goes on first, and then somebody commits all the same; no answer can have come meanwhile.
          void turns(30).then(async () => between.resolve(await outcome(a.commit(one, 9, 'between'))));
        };
        const drained = deferred();
        const b = env.member(topic);
        b.onAssigned = () => drained.promise;
        await b.start();
        ok((await between.promise) instanceof CommitError);
        equal(((await between.promise) as CommitError).code, 'COMMIT_STALE');
        drained.resolve();
        await env.share([a, b], 2);
        equal(await env.cluster.storedOffset(env.groupId, one), 2);
      },
    },
    {
      name: 'never cross a join: what the next owner reads stays',
      run: async (env) => {
        const { topic, a } = await member(env);
        let next = 1;
        let going = true;
        const tried: Promise<unknown>[] = [];
        // Somebody who commits all the time, whatever happens.
        const committing = (async () => {
          while (going) {
            const offset = next++;
            // Only of what it was given last: the broker takes any partition from a member, and a driver may.
            for (const { partition } of a.assignments.at(-1)?.partitions ?? []) {
              tried.push(outcome(a.commit({ topic, partition }, offset)));
            }
            await env.wait(3);
          }
        })();
        const read = new Map<number, number | undefined>();
        const b = env.member(topic);
        b.startOf = async (partition) => {
          const [committed] = await b.consumer.committed([partition]);
          read.set(partition.partition, committed?.offset);
          return 0;
        };
        await env.share([a, b], 2);
        going = false;
        await committing;
        await Promise.all(tried);
        const [moved] = b.partitions as [number];
        equal(await env.cluster.storedOffset(env.groupId, { topic, partition: moved }), read.get(moved));
      },
    },
    {
      name: 'of a fenced member are refused, and nothing of them is stored',
      run: async (env) => {
        const { a, one } = await member(env);
        await a.commit(one, 1);
        // Kept from joining anew, so that the commit is the old member's.
        const { memberId } = a;
        const gate = deferred();
        a.onAssigned = () => gate.promise;
        await env.cluster.expel(env.groupId, memberId);
        const error = (await outcome(a.commit(one, 2))) as CommitError;
        ok(error instanceof CommitError);
        ok(['COMMIT_FENCED', 'COMMIT_STALE'].includes(error.code), error.code);
        equal(error.canRetry, false);
        gate.resolve();
        await env.until('it is back', () => a.states.at(-1) === 'joined' && a.joins === 2);
        equal(await env.cluster.storedOffset(env.groupId, one), 1);
        equal(a.losses.length, 1);
      },
    },
    {
      name: 'after stop are stale instead of silently dropped',
      run: async (env) => {
        const { a, one } = await member(env);
        await a.commit(one, 2);
        const stopped = a.stop();
        const during = await outcome(a.commit(one, 3));
        await stopped;
        if (during !== undefined) equal((during as CommitError).code, 'COMMIT_STALE');
        await rejects(a.commit(one, 4), STALE);
        equal(await env.cluster.storedOffset(env.groupId, one), during === undefined ? 3 : 2);
      },
    },
  ],
};

/** A member that holds two partitions with ten records each. */
async function member(env: Environment) {
  const topic = await env.topic(2);
  const [one, two] = [
    { topic, partition: 0 },
    { topic, partition: 1 },
  ];
  await env.fill(one, 10);
  await env.fill(two, 10);
  const a: Probe = await env.joined(topic);
  a.onRevoking = async () => undefined;
  await env.until('all records', () => a.taken.length === 20);
  return { topic, a, one, two };
}

/** Lets what is settled already be noticed: turns of promises, in which nothing arrives from outside. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

/** What it rejects with, else undefined. */
function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
