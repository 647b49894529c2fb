import { byId, emptyShares, type PartitionCounts, type Shares, type Subscriber } from './subscriber.js';

/**
 * Java's `range`: for each topic the members that subscribe to it, sorted by id, get neighbouring partitions; where it
 * does not come out even the first ones get one more. Partitions of the same number of two topics with as many
 * partitions go to the same member.
 */
export function assignRange(members: readonly Subscriber[], counts: PartitionCounts): Shares {
  const sorted = [...members].sort(byId);
  const shares = emptyShares(members);
  const subscribers = new Map<string, Subscriber[]>();
  for (const member of sorted) {
    for (const topic of new Set(member.topics)) subscribers.set(topic, [...(subscribers.get(topic) ?? []), member]);
  }
  for (const topic of [...subscribers.keys()].sort()) {
    const takers = subscribers.get(topic) as Subscriber[];
    const count = counts.get(topic) ?? 0;
    const [each, rest] = [Math.floor(count / takers.length), count % takers.length];
    let next = 0;
    takers.forEach(({ memberId }, index) => {
      const end = next + each + (index < rest ? 1 : 0);
      for (; next < end; next++) shares.get(memberId)?.push({ topic, partition: next });
    });
  }
  return shares;
}
