import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { deferred } from '../../clock/deferred.js';
import type { ConformanceChapter } from '../conformance-case.js';

export const LOSSES: ConformanceChapter = {
  title: 'losses',
  cases: [
    {
      name: 'are told once, with everything that was held, and the member goes on under a new membership',
      run: async (env) => {
        const topic = await env.topic(2);
        const a = await env.joined(topic);
        const { memberId } = a;
        await env.cluster.expel(env.groupId, memberId);
        await env.until('it is back', () => a.joins === 2 && a.states.at(-1) === 'joined');
        equal(a.losses.length, 1);
        deepEqual(
          a.losses[0]?.partitions.map(({ partition }) => partition).sort((x, y) => x - y),
          [0, 1],
        );
        notEqual(a.memberId, memberId);
        ok(a.log.lastIndexOf('lost') < a.log.lastIndexOf('assigned'), a.log.join());
        await env.fill({ topic, partition: 1 }, 1);
        await env.until('a record', () => a.taken.length === 1);
        await a.commit({ topic, partition: 1 }, 1);
      },
    },
    {
      name: 'are not told to the others, who get the partitions',
      run: async (env) => {
        const topic = await env.topic(4);
        const a = await env.joined(topic);
        const b = env.member(topic);
        await env.share([a, b], 4);
        const gate = deferred();
        a.onAssigned = () => gate.promise;
        await env.cluster.expel(env.groupId, a.memberId);
        await env.until('it is told', () => a.losses.length === 1);
        gate.resolve();
        await env.until('all are in one hand', () => {
          const all = [...a.partitions, ...b.partitions].sort((x, y) => x - y);
          return a.states.at(-1) === 'joined' && b.states.at(-1) === 'joined' && all.join() === '0,1,2,3';
        });
        deepEqual(b.losses, []);
        equal(a.losses.length, 1);
      },
    },
    {
      name: 'of a generation that passed without the member are told before the next assigned',
      run: async (env) => {
        const topic = await env.topic(2);
        const a = await env.joined(topic);
        // a driver that is told nothing else learns it from the commit of a hand-over
        a.onRevoking = () => a.commitPositions().catch(() => undefined);
        await env.cluster.passGeneration(env.groupId, a.memberId);
        await env.until('it is back', () => a.joins >= 2 && a.states.at(-1) === 'joined');
        equal(a.losses.length, 1);
        ok(a.log.indexOf('lost') < a.log.lastIndexOf('assigned'), a.log.join());
        await env.fill({ topic, partition: 1 }, 1);
        await env.until('a record', () => a.taken.length === 1);
        await a.commit({ topic, partition: 1 }, 1);
      },
    },
    {
      name: 'during a hand-over are told before the next assigned',
      run: async (env) => {
        const topic = await env.topic(2);
        const a = await env.joined(topic);
        const { memberId } = a;
        const gate = deferred();
        let failed: unknown;
        a.onRevoking = async () => {
          await gate.promise;
          failed = await a.commitPositions().then(
            () => undefined,
            (error: unknown) => error,
          );
        };
        const b = env.member(topic);
        b.onRevoking = async () => undefined;
        await b.start();
        await env.until('a is asked', () => a.revokes.length === 1);
        await env.cluster.expel(env.groupId, memberId);
        gate.resolve();
        a.onRevoking = async () => undefined;
        await env.share([a, b], 2);
        notEqual(a.memberId, memberId);
        ok(a.log.includes('lost') && a.log.indexOf('lost') < a.log.lastIndexOf('assigned'), a.log.join());
        ok(failed === undefined || failed instanceof Error);
        equal(await env.cluster.storedOffset(env.groupId, { topic, partition: 0 }), undefined);
      },
    },
  ],
};
