import { partitionKey, type TopicPartition } from '@kafka-worker/engine';
import { ownersOf } from './owners.js';
import { evenOut } from './uneven.js';
import { byId, emptyShares, partitionsOf, type PartitionCounts, type Shares, type Subscriber } from './subscriber.js';

/**
 * Even shares with as few moves as possible.
 *
 * Where all members subscribe to the same topics their shares differ by one at most, and no other assignment of such
 * shares moves less. Where they do not, no move of a single partition could make two shares more even.
 * The same question always gets the same answer, in whatever order the members are named.
 */
export function assignSticky(members: readonly Subscriber[], counts: PartitionCounts): Shares {
  const partitions = partitionsOf(members, counts);
  const owners = ownersOf(members, counts);
  const sorted = [...members].sort(byId);
  const shares = emptyShares(members);
  const loose: TopicPartition[] = [];
  const topics = new Map(sorted.map(({ memberId, topics }) => [memberId, new Set(topics)]));
  for (const partition of partitions) {
    const owner = owners.get(partitionKey(partition.topic, partition.partition));
    if (owner && topics.get(owner.memberId)?.has(partition.topic)) shares.get(owner.memberId)?.push(partition);
    else loose.push(partition);
  }
  if (areAlike(sorted, counts)) shareOut(sorted, shares, loose);
  else evenOut(sorted, shares, loose);
  return shares;
}

function areAlike(members: readonly Subscriber[], counts: PartitionCounts): boolean {
  const sets = members.map(({ topics }) =>
    [...new Set(topics)]
      .filter((topic) => counts.has(topic))
      .sort()
      .join('\n'),
  );
  return new Set(sets).size <= 1;
}

/** Everybody may have everything: each keeps up to its quota, and the rest fills up those that have less. */
function shareOut(
  members: readonly Subscriber[],
  shares: ReadonlyMap<string, TopicPartition[]>,
  loose: TopicPartition[],
): void {
  const of = ({ memberId }: Subscriber): TopicPartition[] => shares.get(memberId) as TopicPartition[];
  const total = members.reduce((sum, member) => sum + of(member).length, loose.length);
  const [each, rest] = [Math.floor(total / members.length), total % members.length];
  // Those that have most get the shares that are larger by one: nothing has to leave there.
  const ranked = [...members].sort((a, b) => of(b).length - of(a).length || byId(a, b));
  const quotas = new Map(ranked.map((member, rank) => [member.memberId, each + (rank < rest ? 1 : 0)]));
  for (const member of members) loose.push(...of(member).splice(quotas.get(member.memberId) as number));
  // One after the other in turn, so that the partitions of one topic are spread.
  let hungry = members.filter((member) => of(member).length < (quotas.get(member.memberId) as number));
  let turn = 0;
  for (const partition of loose) {
    if (turn >= hungry.length) {
      hungry = hungry.filter((member) => of(member).length < (quotas.get(member.memberId) as number));
      turn = 0;
    }
    of(hungry[turn++] as Subscriber).push(partition);
  }
}
