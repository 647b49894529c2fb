import type { OffsetCommit } from '@kafka-worker/engine';
import kafkajs, { type Broker, type Cluster, type Kafka } from 'kafkajs';
import { said } from './group.js';
import type { JoinOptions, Joined, Shares, Wire } from './world.js';

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

/** kafkajs' brokers can do this too; its types do not say so. */
interface GroupBroker extends Broker {
  joinGroup(request: {
    groupId: string;
    memberId?: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    groupProtocols: readonly { name: string; metadata: Buffer }[];
  }): Promise<{ memberId: string; generationId: number; leaderId: string }>;
  syncGroup(request: {
    groupId: string;
    memberId: string;
    generationId: number;
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[];
  }): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: { groupId: string; memberId: string; groupGenerationId: number }): Promise<void>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<void>;
}

/** The connections of a consumer of its own, without the consumer. kafkajs gives them to whoever assigns partitions. */
export function clusterOf(kafka: Kafka): Cluster {
  let found: Cluster | undefined;
  kafka.consumer({
    groupId: 'never joined',
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return { name: '', version: 0, assign: async () => [], protocol: () => ({ name: '', metadata: Buffer.of() }) };
      },
    ],
  });
  if (!found) throw new Error('kafkajs has not called the assigner');
  return found;
}

/** The group protocol as kafkajs speaks it, without what its consumer makes of it. */
export class KafkaWire implements Wire {
  constructor(private readonly cluster: Cluster) {}

  async join({ groupId, memberId, topic, protocol, ...timeouts }: JoinOptions): Promise<Joined> {
    const metadata = MemberMetadata.encode({ version: 0, topics: [topic], userData: Buffer.of() });
    const broker = await this.#coordinator(groupId);
    const answer = await broker.joinGroup({
      groupId,
      ...(memberId && { memberId }),
      sessionTimeout: timeouts.sessionTimeoutMs,
      rebalanceTimeout: timeouts.rebalanceTimeoutMs,
      groupProtocols: [{ name: protocol, metadata }],
    });
    return { memberId: answer.memberId, generation: answer.generationId, leaderId: answer.leaderId };
  }

  async sync(
    groupId: string,
    memberId: string,
    generation: number,
    topic: string,
    shares: Shares = {},
  ): Promise<readonly number[]> {
    const broker = await this.#coordinator(groupId);
    const { memberAssignment } = await broker.syncGroup({
      groupId,
      memberId,
      generationId: generation,
      groupAssignment: Object.entries(shares).map(([id, partitions]) => ({
        memberId: id,
        memberAssignment: MemberAssignment.encode({
          version: 0,
          assignment: { [topic]: [...partitions] },
          userData: Buffer.of(),
        }),
      })),
    });
    return (memberAssignment.length > 0 && MemberAssignment.decode(memberAssignment)?.assignment[topic]) || [];
  }

  async heartbeat(groupId: string, memberId: string, generation: number): Promise<void> {
    const broker = await this.#coordinator(groupId);
    await broker.heartbeat({ groupId, memberId, groupGenerationId: generation });
  }

  async commit(groupId: string, memberId: string, generation: number, offsets: readonly OffsetCommit[]): Promise<void> {
    const broker = await this.#coordinator(groupId);
    await broker.offsetCommit({ groupId, memberId, groupGenerationId: generation, topics: byTopic(offsets) });
  }

  async leave(groupId: string, memberId: string): Promise<void> {
    const broker = await this.#coordinator(groupId);
    await broker.leaveGroup({ groupId, memberId });
  }

  /** Found once: a lookup on the connection of a JoinGroup that hangs would wait behind it. */
  readonly #found = new Map<string, Promise<GroupBroker>>();
  #coordinator(groupId: string): Promise<GroupBroker> {
    let found = this.#found.get(groupId);
    if (!found) {
      found = this.#find(groupId);
      this.#found.set(groupId, found);
    }
    return found;
  }

  /** The first group of a cluster finds a coordinator that is not ready yet. */
  async #find(groupId: string): Promise<GroupBroker> {
    for (let attempt = 0; ; attempt++) {
      const broker = (await this.cluster.findGroupCoordinator({ groupId })) as GroupBroker;
      const answer = await said(broker.heartbeat({ groupId, memberId: 'nobody', groupGenerationId: 0 }));
      if (answer === 'UNKNOWN_MEMBER_ID' || attempt === ATTEMPTS) return broker;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** How often a coordinator is asked whether it is ready. */
const ATTEMPTS = 200;

/** Offsets as requests want them. */
export function byTopic(offsets: readonly OffsetCommit[]) {
  return [...new Set(offsets.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: offsets
      .filter((entry) => entry.topic === topic)
      .map(({ partition, offset, metadata }) => ({ partition, offset: String(offset), metadata })),
  }));
}
