import type { TopicPartition } from '@kafka-worker/engine';

/** A member as the one that assigns sees it. */
export interface Subscriber {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** What it has from the last join. Default: nothing. */
  readonly owned?: readonly TopicPartition[];
  /** Generation since which it has just that; of two that name one partition the later is right. Default -1. */
  readonly since?: number;
  /**
   * True: it has let go of everything before this join, and what it had is a wish only. False, the default: it is still
   * at work there, and nobody else may be given any of it before it has let go.
   */
  readonly released?: boolean;
}

/** Numbers of partitions by topic. */
export type PartitionCounts = ReadonlyMap<string, number>;

/** Partitions by member id; every member has an entry. */
export type Shares = ReadonlyMap<string, readonly TopicPartition[]>;

/** In the order in which Java and kafkajs sort members. */
export function byId(a: Pick<Subscriber, 'memberId'>, b: Pick<Subscriber, 'memberId'>): number {
  return a.memberId < b.memberId ? -1 : a.memberId > b.memberId ? 1 : 0;
}

/** Every partition of the topics that somebody subscribes to and that exist, topics in order of their names. */
export function partitionsOf(members: readonly Subscriber[], counts: PartitionCounts): TopicPartition[] {
  const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
  return topics.flatMap((topic) =>
    Array.from({ length: counts.get(topic) ?? 0 }, (_, partition) => ({ topic, partition })),
  );
}

/** An empty share for each member. */
export function emptyShares(members: readonly Subscriber[]): Map<string, TopicPartition[]> {
  return new Map(members.map(({ memberId }) => [memberId, []]));
}
