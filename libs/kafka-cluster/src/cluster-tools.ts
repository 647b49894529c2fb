import { randomUUID } from 'node:crypto';
import kafkajs, { type Admin, type Broker, type Cluster, type IHeaders, type Producer } from 'kafkajs';

/** A record to write; `partition` is chosen by the caller. */
export interface ToolRecord {
  readonly topic: string;
  readonly partition?: number;
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  /** Milliseconds since the epoch. */
  readonly timestamp?: number;
}

/** A partition of a topic. */
export interface ToolPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Records and offsets of one transaction. */
export interface ToolTransaction {
  readonly records: readonly ToolRecord[];
  readonly groupId: string;
  readonly offsets: readonly (ToolPartition & { readonly offset: number; readonly metadata: string })[];
}

/**
 * What a test does to a cluster beside the client it looks at: on a client of its own, which is plain kafkajs. Connects
 * when it is needed.
 */
export interface ClusterTools {
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Writes records in the order given. */
  produce(records: readonly ToolRecord[]): Promise<void>;
  /** The next offsets of the partition belong to a transaction that was aborted. */
  leaveGap(partition: ToolPartition): Promise<void>;
  /** Opens the transactional id, writes all of this in a transaction, and is gone without having ended it. */
  leaveOpen(transactionalId: string, transaction: ToolTransaction): Promise<void>;
  /** Cuts a partition from the front: `offset` is the first that is left. */
  deleteRecordsBefore(partition: ToolPartition, offset: number): Promise<void>;
  /** Says LeaveGroup in the name of a member, which learns of it with its next request. */
  expel(groupId: string, memberId: string): Promise<void>;
  /**
   * Joins in the name of the only member of a group: a generation begins of which it knows nothing, and its next request
   * is under an old one.
   */
  passGeneration(groupId: string, memberId: string): Promise<void>;
  /** What is stored for a group, also below zero; undefined where nothing is. */
  storedOffset(groupId: string, partition: ToolPartition): Promise<number | undefined>;
  close(): Promise<void>;
}

export function clusterTools(brokers: readonly string[]): ClusterTools {
  const kafka = new kafkajs.Kafka({
    clientId: 'cluster-tools',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const closers: (() => Promise<void>)[] = [];
  const admin = once(async () => {
    const made: Admin = kafka.admin();
    closers.push(() => made.disconnect());
    await made.connect();
    return made;
  });
  const plain = once(() => connected(kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })));
  const transactionalProducer = (transactionalId: string): Producer =>
    kafka.producer({
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      transactionalId,
      idempotent: true,
      maxInFlightRequests: 1,
      // The broker is busy with the last transaction for a few milliseconds, and kafkajs would wait for 300.
      retry: { initialRetryTime: 20 },
    });
  const transactional = once(() => connected(transactionalProducer(`cluster-tools-${randomUUID()}`)));
  const cluster = once(async () => {
    const made = clusterOf(kafka);
    closers.push(() => made.disconnect());
    await made.connect();
    return made;
  });
  async function connected(producer: Producer): Promise<Producer> {
    closers.push(() => producer.disconnect());
    await producer.connect();
    return producer;
  }
  return {
    createTopic: async (topic, numPartitions) => {
      await (await admin()).createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions }] });
    },
    produce: async (records) => {
      await (await plain()).sendBatch({ topicMessages: records.map(toTopicMessages) });
    },
    leaveGap: async ({ topic, partition }) => {
      const transaction = await (await transactional()).transaction();
      await transaction.send({ topic, messages: [{ partition, value: 'aborted' }] });
      await transaction.abort();
    },
    leaveOpen: async (transactionalId, { records, groupId, offsets }) => {
      const producer = transactionalProducer(transactionalId);
      await producer.connect();
      const transaction = await producer.transaction();
      for (const record of records) await transaction.send(toTopicMessages(record));
      const topics = offsets.map(({ topic, partition, offset, metadata }) => ({
        topic,
        partitions: [{ partition, offset: String(offset), metadata }],
      }));
      await transaction.sendOffsets({ consumerGroupId: groupId, topics });
      await producer.disconnect();
    },
    deleteRecordsBefore: async ({ topic, partition }, offset) => {
      // Without this kafkajs looks for the leaders of a topic that it has not heard of.
      await (await admin()).fetchTopicOffsets(topic);
      await (await admin()).deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
    },
    expel: async (groupId, memberId) => {
      const coordinator = await (await cluster()).findGroupCoordinator({ groupId });
      await (coordinator as GroupBroker).leaveGroup({ groupId, memberId });
    },
    passGeneration: async (groupId, memberId) => {
      const { groups } = await (await admin()).describeGroups([groupId]);
      const member = groups[0]?.members.find((one) => one.memberId === memberId);
      if (groups[0] === undefined || member === undefined) throw new Error(`${memberId} is no member of ${groupId}`);
      const coordinator = await (await cluster()).findGroupCoordinator({ groupId });
      await (coordinator as GroupBroker).joinGroup({
        groupId,
        memberId,
        sessionTimeout: 10_000,
        rebalanceTimeout: 10_000,
        groupProtocols: [{ name: groups[0].protocol, metadata: member.memberMetadata }],
      });
    },
    storedOffset: async (groupId, { topic, partition }) => {
      const [stored] = await (await admin()).fetchOffsets({ groupId, topics: [topic] });
      const offset = Number(stored?.partitions.find((p) => p.partition === partition)?.offset ?? -1);
      return offset === -1 ? undefined : offset;
    },
    close: async () => {
      await Promise.all(closers.splice(0).map((close) => close()));
    },
  };
}

/** What kafkajs' types leave out. */
interface GroupBroker extends Broker {
  leaveGroup(member: { groupId: string; memberId: string }): Promise<unknown>;
  joinGroup(request: {
    groupId: string;
    memberId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    groupProtocols: readonly { name: string; metadata: Buffer }[];
  }): Promise<unknown>;
}

function toTopicMessages({ topic, partition, key = null, value, headers, timestamp }: ToolRecord) {
  const given = Object.entries(headers ?? {}).filter(([, header]) => header !== undefined);
  return {
    topic,
    messages: [
      {
        key,
        value,
        headers: Object.fromEntries(given) as IHeaders,
        ...(partition === undefined ? {} : { partition }),
        ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
      },
    ],
  };
}

/** The connections of a consumer that never runs: kafkajs shows them to assigners, and nothing else can say LeaveGroup. */
function clusterOf(kafka: kafkajs.Kafka): Cluster {
  let found: Cluster | undefined;
  kafka.consumer({
    groupId: 'cluster-tools',
    partitionAssigners: [
      (config) => {
        found = config.cluster;
        return kafkajs.PartitionAssigners.roundRobin(config);
      },
    ],
  });
  if (!found) throw new Error('kafkajs has made a consumer without its assigners');
  return found;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
