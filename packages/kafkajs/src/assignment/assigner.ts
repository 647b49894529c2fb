import { ensureError, type TopicPartition } from '@kafka-worker/engine';
import kafkajs, { type Cluster, type GroupMember, type PartitionAssigner } from 'kafkajs';
import { byTopic, decodeClaims, decodePartitions, encodeClaims, type Claims } from './claims.js';
import { seal, unseal } from './envelope.js';
import { planAssignment } from './plan.js';
import { PROTOCOL_NAMES, type AssignmentStrategy } from './strategy.js';
import type { PartitionCounts, Subscriber } from './subscriber.js';

/** What an assigner must know of the member that it assigns for. */
export interface AssignerSource {
  /** What it says of itself in the JoinGroup that is made now; undefined: it says nothing under this strategy. */
  claims(strategy: AssignmentStrategy): Claims | undefined;
  /** Numbers of partitions of topics that it has not subscribed to itself. */
  partitionCounts(topics: readonly string[]): Promise<PartitionCounts>;
}

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

/**
 * Of the bytes that members exchange. 0, since from 1 on Java's clients look for fields that kafkajs does not write.
 */
const VERSION = 0;

/** A strategy as kafkajs takes it. */
export function strategyAssigner(strategy: AssignmentStrategy, source: AssignerSource): PartitionAssigner {
  const name = PROTOCOL_NAMES[strategy];
  return ({ cluster }) => ({
    name,
    version: VERSION,
    protocol: ({ topics }) => {
      const userData = encodeClaims(source.claims(strategy), Object.fromEntries(countsOf(cluster, topics)));
      return { name, metadata: MemberMetadata.encode({ version: VERSION, topics, userData }) };
    },
    assign: async ({ members, topics }) => {
      const subscribers = members.map(toSubscriber);
      const foreign = new Set(subscribers.flatMap((member) => member.topics));
      for (const topic of topics) foreign.delete(topic);
      const counts = new Map([...countsOf(cluster, topics), ...(await foreignCounts(source, [...foreign]))]);
      const { assigned, withheld } = planAssignment(strategy, subscribers, counts);
      return subscribers.map(({ memberId }) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: VERSION,
          assignment: byTopic(assigned.get(memberId) ?? []) as Record<string, number[]>,
          userData: seal({ withheld: byTopic(withheld.get(memberId) ?? []) }),
        }),
      }));
    },
  });
}

/** What the leader has kept back for the member that gets this assignment. Undefined: the leader is none of ours. */
export function withheldIn(memberAssignment: Buffer): readonly TopicPartition[] | undefined {
  try {
    const told = unseal(MemberAssignment.decode(memberAssignment)?.userData);
    return decodePartitions((told as { readonly withheld?: unknown } | undefined)?.withheld);
  } catch {
    return undefined; // written by somebody else; what of it is the assignment is read by kafkajs
  }
}

function toSubscriber({ memberId, memberMetadata }: GroupMember): Subscriber {
  try {
    const metadata = MemberMetadata.decode(memberMetadata);
    return { memberId, topics: metadata?.topics ?? [], ...decodeClaims(metadata?.userData ?? null, memberId) };
  } catch {
    return { memberId, topics: [] }; // whatever it is, it has told no topics
  }
}

function countsOf(cluster: Cluster, topics: readonly string[]): Map<string, number> {
  return new Map(topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).length]));
}

async function foreignCounts(source: AssignerSource, topics: readonly string[]): Promise<PartitionCounts> {
  if (topics.length === 0) return new Map();
  try {
    return await source.partitionCounts(topics);
  } catch (error) {
    // kafkajs joins again on this; on anything else it gives up.
    throw Object.assign(ensureError(error), { type: 'REBALANCE_IN_PROGRESS' });
  }
}
