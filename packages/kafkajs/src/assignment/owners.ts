import { partitionKey } from '@kafka-worker/engine';
import { byId, type PartitionCounts, type Subscriber } from './subscriber.js';

/** By partition key: who says that it has the partition. */
export type Owners = ReadonlyMap<string, Subscriber>;

/** Who is believed where two name the same partition: who is at work there, then who has had it later. */
export function ownersOf(members: readonly Subscriber[], counts: PartitionCounts): Owners {
  const owners = new Map<string, Subscriber>();
  for (const member of [...members].sort(byId)) {
    for (const { topic, partition } of member.owned ?? []) {
      if (partition < 0 || partition >= (counts.get(topic) ?? 0)) continue;
      const key = partitionKey(topic, partition);
      const other = owners.get(key);
      if (other === undefined || outweighs(member, other)) owners.set(key, member);
    }
  }
  return owners;
}

function outweighs(one: Subscriber, other: Subscriber): boolean {
  const [atWork, otherAtWork] = [one.released !== true, other.released !== true];
  if (atWork !== otherAtWork) return atWork;
  return (one.since ?? -1) > (other.since ?? -1);
}
