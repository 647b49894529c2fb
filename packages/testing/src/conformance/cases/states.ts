import { deepEqual, ok } from 'node:assert/strict';
import { deferred } from '../../clock/deferred.js';
import type { ConformanceChapter } from '../conformance-case.js';

export const STATES: ConformanceChapter = {
  title: 'states',
  cases: [
    {
      name: 'go from connecting over joined to stopped',
      run: async (env) => {
        const topic = await env.topic();
        const a = env.member(topic);
        const gate = deferred();
        a.onAssigned = () => gate.promise;
        await a.start();
        deepEqual(a.states, ['connecting']);
        await env.until('assigned is called', () => a.assignments.length === 1);
        deepEqual(a.states, ['connecting']);
        gate.resolve();
        await env.until('joined', () => a.states.length > 1);
        await a.stop();
        deepEqual(a.states, ['connecting', 'joined', 'stopped']);
      },
    },
    {
      name: 'are rebalancing before revoking, and joined again after assigned',
      run: async (env) => {
        const topic = await env.topic(2);
        const a = await env.joined(topic);
        const atRevoking: (string | undefined)[] = [];
        a.onRevoking = async () => {
          atRevoking.push(a.states.at(-1));
        };
        const b = env.member(topic);
        await env.share([a, b], 2);
        ok(atRevoking.length > 0 && atRevoking.every((state) => state === 'rebalancing'), atRevoking.join());
        const [first, second, ...rest] = a.states;
        deepEqual([first, second], ['connecting', 'joined']);
        // One round or two, as the group works.
        deepEqual(
          rest,
          rest.map((_, index) => (index % 2 === 0 ? 'rebalancing' : 'joined')),
        );
        ok(rest.length >= 2);
      },
    },
    {
      name: 'come back to joined after a loss, without a crash',
      run: async (env) => {
        const a = await env.joined(await env.topic());
        await env.cluster.expel(env.groupId, a.memberId);
        await env.until('it is back', () => a.joins === 2 && a.states.at(-1) === 'joined');
        ok(!a.states.includes('crashed'), a.states.join());
      },
    },
  ],
};
