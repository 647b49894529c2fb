import fc from 'fast-check';
import { partitionKey, type TopicPartition } from '@kafka-worker/engine';
import type { Shares, Subscriber } from '../../src/index.js';

/** Members and the topics there are. */
export interface Group {
  readonly members: readonly Subscriber[];
  readonly counts: ReadonlyMap<string, number>;
}

const TOPICS = ['a', 'b', 'c'];

/** Topics with up to ten partitions each. */
const counts = fc
  .array(fc.nat(10), { minLength: 1, maxLength: TOPICS.length })
  .map((sizes) => new Map(sizes.map((size, n): [string, number] => [TOPICS[n] as string, size])));

/** Whatever a member may say that it has: partitions that do not exist, those of others, some of them twice. */
const owned = fc.array(fc.record({ topic: fc.constantFrom(...TOPICS, 'gone'), partition: fc.nat(11) }), {
  maxLength: 12,
});

/** @param alike every member subscribes to every topic */
export function groups(alike: boolean): fc.Arbitrary<Group> {
  return counts.chain((topics) => {
    const all = [...topics.keys()];
    const member = fc.record({
      topics: alike ? fc.constant(all) : fc.subarray([...all, 'gone']),
      owned,
      since: fc.nat(3),
      released: fc.boolean(),
    });
    return fc.array(member, { minLength: 1, maxLength: 6 }).map((members) => ({
      counts: topics,
      members: members.map((one, n) => ({ ...one, memberId: `m${n}` })),
    }));
  });
}

export function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}

/** Every partition that somebody has subscribed to. */
export function wanted({ members, counts }: Group): string[] {
  const topics = new Set(members.flatMap((member) => member.topics));
  return [...counts]
    .filter(([topic]) => topics.has(topic))
    .flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => partitionKey(topic, partition)))
    .sort();
}

/** Every partition that is in a share, as often as it is. */
export function given(shares: Shares): string[] {
  return [...shares.values()].flat().map(keyOf).sort();
}

/** Sizes of all shares, ascending. */
export function sizes(shares: Shares): number[] {
  return [...shares.values()].map((share) => share.length).sort((a, b) => a - b);
}

/** Members of one subscription to a single topic, as `{ a: [0, 1], b: [] }` tells what they have. */
export function holding(owned: Readonly<Record<string, readonly number[]>>, released = false): Subscriber[] {
  return Object.entries(owned).map(([memberId, partitions]) => ({
    memberId,
    topics: ['t'],
    owned: partitions.map((partition) => ({ topic: 't', partition })),
    since: 1,
    released,
  }));
}

/** Numbers of the partitions of each member. */
export function numbers(shares: Shares): Record<string, number[]> {
  return Object.fromEntries([...shares].map(([id, share]) => [id, share.map(({ partition }) => partition)]));
}
