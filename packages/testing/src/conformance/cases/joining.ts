import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { deferred } from '../../clock/deferred.js';
import type { ConformanceChapter } from '../conformance-case.js';

export const JOINING: ConformanceChapter = {
  title: 'joining',
  cases: [
    {
      name: 'gives one member every partition of all its topics',
      run: async (env) => {
        const [one, two] = [await env.topic(2), await env.topic(1)];
        const a = await env.joined([one, two]);
        const given = (a.assignments[0]?.partitions ?? []).map((p) => `${p.topic}/${p.partition}`);
        deepEqual(given.sort(), [`${one}/0`, `${one}/1`, `${two}/0`].sort());
      },
    },
    {
      name: 'shares the partitions between two members',
      run: async (env) => {
        const topic = await env.topic(4);
        const a = await env.joined(topic);
        const b = env.member(topic);
        await env.share([a, b], 4);
        ok(a.memberId !== b.memberId);
      },
    },
    {
      name: 'lets a third member in',
      run: async (env) => {
        const topic = await env.topic(6);
        const a = await env.joined(topic);
        const b = env.member(topic);
        await env.share([a, b], 6);
        await env.share([a, b, env.member(topic)], 6);
      },
    },
    {
      name: 'lets members in that start at the same time',
      run: async (env) => {
        const topic = await env.topic(6);
        const members = [env.member(topic), env.member(topic), env.member(topic)];
        await Promise.all(members.map((member) => member.start()));
        await env.share(members, 6);
      },
    },
    {
      name: 'tells the member id that the broker knows',
      run: async (env) => {
        const a = await env.joined(await env.topic());
        const { members } = await (await env.admin()).describeGroup(env.groupId);
        deepEqual(
          members.map(({ memberId }) => memberId),
          [a.memberId],
        );
      },
    },
    {
      name: 'gives a member without partitions an empty assignment',
      run: async (env) => {
        const topic = await env.topic(1);
        const a = await env.joined(topic);
        const b = await env.joined(topic);
        await env.until('one of them holds it', () => a.partitions.length + b.partitions.length === 1);
        ok([a, b].some((member) => member.assignments.at(-1)?.partitions.length === 0));
      },
    },
    {
      name: 'hands over no record before assigned has settled, however long that takes',
      run: async (env) => {
        const topic = await env.topic(1);
        await env.fill({ topic, partition: 0 }, 3);
        const gate = deferred();
        const a = env.member(topic);
        a.onAssigned = () => gate.promise;
        await a.start();
        await env.until('assigned is called', () => a.assignments.length === 1);
        await env.wait(env.sessionTimeoutMs / 4);
        equal(a.batches.length, 0);
        gate.resolve();
        await env.until('the records', () => a.taken.length === 3);
      },
    },
    {
      name: 'rejects with TOPIC_MISSING where one of the topics does not exist, and becomes no member',
      run: async (env) => {
        const missing = env.name('missing');
        const a = env.member([await env.topic(), missing]);
        await rejects(a.start(), (error: Error & { code?: string }) => {
          equal(error.code, 'TOPIC_MISSING');
          ok(error.message.includes(missing));
          return true;
        });
        deepEqual(a.log, []);
        equal(env.cluster.connections(), 0, 'something stays open');
        equal((await (await env.admin()).partitions([missing])).size, 0, 'the topic was created');
      },
    },
    {
      name: 'starts once only, and not after stop',
      run: async (env) => {
        const topic = await env.topic();
        const a = await env.joined(topic);
        await rejects(a.consumer.start(a), { code: 'NOT_RUNNING' });
        const b = env.member(topic);
        await b.stop();
        await rejects(b.consumer.start(b), { code: 'NOT_RUNNING' });
      },
    },
  ],
};
