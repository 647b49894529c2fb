import { partitionKey, type TopicPartition } from '@kafka-worker/engine';

/** A member as the leader sees it when it assigns. */
export interface AssignableMember {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** What the member says it holds. Empty under the eager protocol. */
  readonly owned: readonly TopicPartition[];
}

/** Member id to partitions. */
export type GroupAssignment = ReadonlyMap<string, readonly TopicPartition[]>;

/** Names of the two protocols a driver of the cluster can speak. */
export const ROUND_ROBIN = 'roundrobin';
/** See {@link ROUND_ROBIN}. */
export const COOPERATIVE_STICKY = 'cooperative-sticky';

/** Partitions in order, one to each member in turn; members that did not subscribe to the topic are passed over. */
export function assignRoundRobin(
  members: readonly AssignableMember[],
  partitions: readonly TopicPartition[],
): GroupAssignment {
  const sorted = [...members].sort(byId);
  const given = new Map<string, TopicPartition[]>(sorted.map((m) => [m.memberId, []]));
  let turn = 0;
  for (const partition of partitions) {
    for (let tried = 0; tried < sorted.length; tried++) {
      const member = sorted[turn++ % sorted.length] as AssignableMember;
      if (!member.topics.includes(partition.topic)) continue;
      given.get(member.memberId)?.push(partition);
      break;
    }
  }
  return given;
}

/**
 * Even shares with as few moves as possible. A partition that has to move is withheld in this round: its owner must
 * let it go first, and the round after gives it away.
 */
export function assignCooperativeSticky(
  members: readonly AssignableMember[],
  partitions: readonly TopicPartition[],
): GroupAssignment {
  const sorted = [...members].sort(byId);
  const owners = new Map<string, string>();
  for (const member of sorted) {
    for (const { topic, partition } of member.owned) {
      const key = partitionKey(topic, partition);
      if (member.topics.includes(topic) && !owners.has(key)) owners.set(key, member.memberId);
    }
  }
  const target = new Map<string, TopicPartition[]>(sorted.map((m) => [m.memberId, []]));
  const free: TopicPartition[] = [];
  for (const partition of partitions) {
    const owner = owners.get(partitionKey(partition.topic, partition.partition));
    if (owner === undefined) free.push(partition);
    else target.get(owner)?.push(partition);
  }
  for (const partition of free) {
    const member = leastLoaded(sorted, target, partition.topic);
    if (member) target.get(member.memberId)?.push(partition);
  }
  while (moveOne(sorted, target));

  for (const [memberId, list] of target) {
    const allowed = list.filter(({ topic, partition }) => {
      const owner = owners.get(partitionKey(topic, partition));
      return owner === undefined || owner === memberId;
    });
    target.set(memberId, allowed);
  }
  return target;
}

/** One move that makes the shares more even; false where there is none. Every move lowers the spread, so it ends. */
function moveOne(members: readonly AssignableMember[], target: Map<string, TopicPartition[]>): boolean {
  const fullest = [...members].sort((a, b) => load(target, b) - load(target, a));
  for (const from of fullest) {
    const list = target.get(from.memberId) ?? [];
    for (let i = list.length - 1; i >= 0; i--) {
      const partition = list[i] as TopicPartition;
      const to = leastLoaded(members, target, partition.topic);
      if (!to || load(target, to) + 1 >= list.length) continue;
      list.splice(i, 1);
      target.get(to.memberId)?.push(partition);
      return true;
    }
  }
  return false;
}

function leastLoaded(
  members: readonly AssignableMember[],
  target: ReadonlyMap<string, readonly TopicPartition[]>,
  topic: string,
): AssignableMember | undefined {
  let best: AssignableMember | undefined;
  for (const member of members) {
    if (!member.topics.includes(topic)) continue;
    if (!best || load(target, member) < load(target, best)) best = member;
  }
  return best;
}

function load(target: ReadonlyMap<string, readonly TopicPartition[]>, member: AssignableMember): number {
  return target.get(member.memberId)?.length ?? 0;
}

function byId(a: AssignableMember, b: AssignableMember): number {
  return a.memberId < b.memberId ? -1 : 1;
}
