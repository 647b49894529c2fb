import { deepEqual, equal, ok } from 'node:assert/strict';
import type { ConformanceChapter } from '../conformance-case.js';

export const ADMIN: ConformanceChapter = {
  title: 'the admin',
  cases: [
    {
      name: 'lists topics, and none that the brokers keep for themselves',
      run: async (env) => {
        const topic = await env.topic();
        const a = await env.joined(topic);
        await a.commit({ topic, partition: 0 }, 0);
        const topics = await (await env.admin()).listTopics();
        ok(topics.includes(topic));
        deepEqual(
          topics.filter((name) => name.startsWith('__')),
          [],
        );
      },
    },
    {
      name: 'counts partitions, and leaves topics out that do not exist',
      run: async (env) => {
        const [one, two] = [await env.topic(1), await env.topic(5)];
        const counts = await (await env.admin()).partitions([one, env.name('missing'), two]);
        deepEqual(
          counts,
          new Map([
            [one, 1],
            [two, 5],
          ]),
        );
      },
    },
    {
      name: 'creates topics, and takes one that exists for done',
      run: async (env) => {
        const admin = await env.admin();
        const [one, two] = [env.name('created'), env.name('created')];
        await admin.createTopics([{ topic: one, partitions: 3 }]);
        await admin.createTopics([
          { topic: one, partitions: 9 },
          { topic: two, partitions: 2 },
        ]);
        deepEqual(
          await admin.partitions([one, two]),
          new Map([
            [one, 3],
            [two, 2],
          ]),
        );
        await env.fill({ topic: two, partition: 1 }, 1);
      },
    },
    {
      name: 'creates topics with as many partitions as the broker likes',
      run: async (env) => {
        const admin = await env.admin();
        const topic = env.name('created');
        await admin.createTopics([{ topic, partitions: -1 }]);
        ok(((await admin.partitions([topic])).get(topic) ?? 0) > 0);
      },
    },
    {
      name: 'tells the readable range of every partition, in order',
      run: async (env) => {
        const topic = await env.topic(3);
        await env.fill({ topic, partition: 1 }, 4);
        await env.fill({ topic, partition: 2 }, 6);
        await env.cluster.deleteRecordsBefore({ topic, partition: 2 }, 5);
        deepEqual(await (await env.admin()).logRanges(topic), [
          { topic, partition: 0, low: 0, high: 0 },
          { topic, partition: 1, low: 0, high: 4 },
          { topic, partition: 2, low: 5, high: 6 },
        ]);
      },
    },
    {
      name: 'tells what a group has committed, and has an entry for every partition',
      run: async (env) => {
        const topic = await env.topic(2);
        const a = await env.joined(topic);
        await a.commit({ topic, partition: 1 }, 0, 'map');
        const committed = await (await env.admin()).committed(env.groupId, [topic]);
        deepEqual(
          committed.sort((x, y) => x.partition - y.partition),
          [
            { topic, partition: 0, offset: undefined, metadata: '' },
            { topic, partition: 1, offset: 0, metadata: 'map' },
          ],
        );
      },
    },
    {
      name: 'describes a group with its members and their partitions',
      run: async (env) => {
        const topic = await env.topic(2);
        const a = await env.joined(topic);
        const group = await (await env.admin()).describeGroup(env.groupId);
        deepEqual([group.groupId, group.state, group.members.length], [env.groupId, 'Stable', 1]);
        const [member] = group.members;
        equal(member?.memberId, a.memberId);
        deepEqual(
          member?.partitions.map(({ partition }) => partition).sort((x, y) => x - y),
          [0, 1],
        );
      },
    },
    {
      name: 'describes a group that nobody has heard of as dead',
      run: async (env) => {
        const { state, members } = await (await env.admin()).describeGroup(env.name('nobody'));
        deepEqual([state, members], ['Dead', []]);
      },
    },
    {
      name: 'lists groups',
      run: async (env) => {
        await env.joined(await env.topic());
        ok((await (await env.admin()).listGroups()).includes(env.groupId));
      },
    },
    {
      name: 'closes again and again',
      run: async (env) => {
        const admin = await env.admin();
        await admin.listTopics();
        await Promise.all([admin.close(), admin.close()]);
        await admin.close();
      },
    },
  ],
};
