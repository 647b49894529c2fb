import { partitionKey, type TopicPartition } from '@kafka-worker/engine';
import { ownersOf } from './owners.js';
import { assignRange } from './range.js';
import { assignRoundRobin } from './round-robin.js';
import { assignSticky } from './sticky.js';
import type { AssignmentStrategy } from './strategy.js';
import { emptyShares, type PartitionCounts, type Shares, type Subscriber } from './subscriber.js';

/** Who gets what in a join. */
export interface AssignmentPlan {
  readonly assigned: Shares;
  /**
   * What goes to nobody in this join, by the member that still has it: it lets go of it and joins again, and the next
   * owner gets it then.
   */
  readonly withheld: Shares;
}

const ALGORITHMS: Readonly<
  Record<AssignmentStrategy, (members: readonly Subscriber[], counts: PartitionCounts) => Shares>
> = {
  range: assignRange,
  'round-robin': assignRoundRobin,
  sticky: assignSticky,
  cooperative: assignSticky,
};

/**
 * What the leader of a group decides in a join. Pure: the same members and topics come to the same plan.
 *
 * Under every strategy a partition is withheld that somebody else is still at work in. With the eager ones there is
 * none, since members let go of everything before they join; but in the join in which a cooperative group becomes an
 * eager one its members have not.
 */
export function planAssignment(
  strategy: AssignmentStrategy,
  members: readonly Subscriber[],
  counts: PartitionCounts,
): AssignmentPlan {
  const owners = ownersOf(members, counts);
  const assigned = emptyShares(members);
  const withheld = emptyShares(members);
  for (const [memberId, share] of ALGORITHMS[strategy](members, counts)) {
    for (const partition of share) {
      const owner = holderOf(owners.get(partitionKey(partition.topic, partition.partition)));
      if (owner === undefined || owner === memberId) assigned.get(memberId)?.push(partition);
      else withheld.get(owner)?.push(partition);
    }
  }
  return { assigned: sorted(assigned), withheld: sorted(withheld) };
}

function holderOf(owner: Subscriber | undefined): string | undefined {
  return owner === undefined || owner.released === true ? undefined : owner.memberId;
}

function sorted(shares: Map<string, TopicPartition[]>): Shares {
  for (const share of shares.values()) {
    share.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
  }
  return shares;
}
