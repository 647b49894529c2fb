import { describe, expect, it } from '@jest/globals';
import kafkajs, { type Cluster, type Logger } from 'kafkajs';
import { assignRange } from '../../src/assignment/range.js';
import { assignRoundRobin } from '../../src/assignment/round-robin.js';
import type { Subscriber } from '../../src/index.js';
import { holding, numbers } from './support.js';

const subscribed = (topics: Readonly<Record<string, readonly string[]>>): Subscriber[] =>
  Object.entries(topics).map(([memberId, of]) => ({ memberId, topics: of }));

describe('range', () => {
  // The examples of Java's RangeAssignor.
  it('gives neighbouring partitions of each topic, and the first ones one more', () => {
    const shares = assignRange(
      subscribed({ C1: ['t0', 't1'], C0: ['t0', 't1'] }),
      new Map([
        ['t0', 3],
        ['t1', 3],
      ]),
    );
    const list = (id: string): string[] =>
      (shares.get(id) ?? []).map(({ topic, partition }) => `${topic}p${partition}`);
    expect(list('C0')).toEqual(['t0p0', 't0p1', 't1p0', 't1p1']);
    expect(list('C1')).toEqual(['t0p2', 't1p2']);
  });

  it('leaves members without a partition where there are too few, and those without the topic out', () => {
    expect(numbers(assignRange(holding({ a: [], b: [], c: [] }), new Map([['t', 2]])))).toEqual({
      a: [0],
      b: [1],
      c: [],
    });
    const shares = assignRange(
      subscribed({ a: ['x'], b: ['t', 'x'] }),
      new Map([
        ['t', 2],
        ['x', 1],
      ]),
    );
    expect(shares.get('b')).toEqual([
      { topic: 't', partition: 0 },
      { topic: 't', partition: 1 },
    ]);
  });
});

describe('round robin', () => {
  it('comes to what kafkajs comes to', async () => {
    const sizes = new Map([
      ['a', 5],
      ['b', 4],
    ]);
    const members = ['m-2', 'm-1', 'm-3'];
    const cluster = {
      findTopicPartitionMetadata: (topic: string) =>
        Array.from({ length: sizes.get(topic) ?? 0 }, (_, partitionId) => ({ partitionId })),
    } as unknown as Cluster;
    const theirs = await kafkajs.PartitionAssigners.roundRobin({ cluster, groupId: 'g', logger: {} as Logger }).assign({
      members: members.map((memberId) => ({ memberId, memberMetadata: Buffer.alloc(0) })),
      topics: ['a', 'b'],
    });
    const ours = assignRoundRobin(subscribed(Object.fromEntries(members.map((id) => [id, ['a', 'b']]))), sizes);
    for (const { memberId, memberAssignment } of theirs) {
      const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};
      const list = Object.entries(decoded).flatMap(([topic, list]) => list.map((partition) => ({ topic, partition })));
      expect(ours.get(memberId)).toEqual(list);
    }
  });

  it('passes over members that did not subscribe', () => {
    const shares = assignRoundRobin(subscribed({ a: ['t'], b: [] }), new Map([['t', 3]]));
    expect(numbers(shares)).toEqual({ a: [0, 1, 2], b: [] });
  });
});
