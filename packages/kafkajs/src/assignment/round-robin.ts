import { byId, emptyShares, partitionsOf, type PartitionCounts, type Shares, type Subscriber } from './subscriber.js';

/**
 * One partition to each member in turn, topic after topic, members sorted by id. As kafkajs does it where all members
 * subscribe to the same topics; where they do not, who did not subscribe to a topic is passed over.
 */
export function assignRoundRobin(members: readonly Subscriber[], counts: PartitionCounts): Shares {
  const sorted = [...members].sort(byId).map((member) => ({ ...member, subscribed: new Set(member.topics) }));
  const shares = emptyShares(members);
  let turn = 0;
  for (const partition of partitionsOf(members, counts)) {
    for (let tried = 0; tried < sorted.length; tried++) {
      const member = sorted[turn++ % sorted.length];
      if (!member?.subscribed.has(partition.topic)) continue;
      shares.get(member.memberId)?.push(partition);
      break;
    }
  }
  return shares;
}
