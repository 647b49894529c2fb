import { createRequire } from 'node:module';
import { testBrokers, uniqueName } from '@app/kafka-cluster';
import kafkajs, { type Admin, type Cluster, type KafkaMessage, type Producer } from 'kafkajs';
import { javaProduce } from './java-producer.js';
import { byTopic, clusterOf, KafkaWire } from './kafka-wire.js';
import type { Wire, WireTransaction, World, Written } from './world.js';

/** What kafkajs makes of a fetched partition: without markers, and without what was aborted. */
const Batch = createRequire(import.meta.url)('kafkajs/src/consumer/batch') as new (
  topic: string,
  fetchedOffset: string,
  partition: unknown,
) => { readonly messages: readonly KafkaMessage[]; readonly rawMessages: readonly KafkaMessage[] };

const PATIENCE_MS = 60_000;

/** Real brokers, through kafkajs' own connections. */
export class KafkaWorld implements World {
  readonly #kafka = new kafkajs.Kafka({
    clientId: 'parity',
    brokers: testBrokers(),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, retries: 20 },
  });
  readonly #clusters: Cluster[] = [];
  readonly #producers: Producer[] = [];
  #admin: Promise<Admin> | undefined;
  #reader: Promise<Cluster> | undefined;
  #producer: Promise<Producer> | undefined;

  name(prefix: string): string {
    return uniqueName(`parity-${prefix}`);
  }

  async createTopic(partitions: number, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    const topic = this.name('topic');
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    const admin = await this.#getAdmin();
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: partitions, configEntries }] });
    return topic;
  }

  async connect(): Promise<Wire> {
    return new KafkaWire(await this.#connect());
  }

  async state(groupId: string): Promise<string> {
    const { groups } = await (await this.#getAdmin()).describeGroups([groupId]);
    return groups[0]?.state ?? '';
  }

  async committed(groupId: string, topic: string, partition: number): ReturnType<World['committed']> {
    const [found] = await (await this.#getAdmin()).fetchOffsets({ groupId, topics: [topic] });
    const stored = found?.partitions.find((entry) => entry.partition === partition);
    if (!stored || Number(stored.offset) < 0) return undefined;
    return { offset: Number(stored.offset), metadata: stored.metadata ?? '' };
  }

  async produceByKey(topic: string, keys: readonly string[]): Promise<number[]> {
    if (!(await javaProduce(testBrokers(), topic, keys))) {
      const producer = await this.#getProducer();
      await producer.send({ topic, messages: keys.map((key) => ({ key, value: 'value' })) });
    }
    const admin = await this.#getAdmin();
    const partitionOf = new Map<string, number>();
    for (const { partition } of await admin.fetchTopicOffsets(topic)) {
      for (const { key } of await this.#fetch(topic, partition, 0, false)) {
        partitionOf.set(key?.toString() ?? '', partition);
      }
    }
    return keys.map((key) => partitionOf.get(key) ?? -1);
  }

  async produce(topic: string, partition: number, records: readonly Written[]): Promise<void> {
    await (await this.#getProducer()).send({ topic, messages: toMessages(partition, records) });
  }

  async begin(transactionalId: string, transactionTimeout = 60_000): Promise<WireTransaction> {
    const settings = { transactionalId, transactionTimeout, idempotent: true, maxInFlightRequests: 1 };
    const producer = this.#kafka.producer(settings);
    this.#producers.push(producer);
    await producer.connect();
    const transaction = await producer.transaction();
    return {
      produce: async (topic, partition, records) => {
        await transaction.send({ topic, messages: toMessages(partition, records) });
      },
      commitOffsets: (groupId, offsets) =>
        onceFound(() => transaction.sendOffsets({ consumerGroupId: groupId, topics: byTopic(offsets) })),
      commit: () => transaction.commit(),
      abort: () => transaction.abort(),
    };
  }

  async read(topic: string, partition: number, from: number, uncommitted = false): Promise<number[]> {
    return (await this.#fetch(topic, partition, from, uncommitted)).map(({ offset }) => Number(offset));
  }

  async range(topic: string, partition: number): Promise<{ low: number; high: number }> {
    const offsets = await (await this.#getAdmin()).fetchTopicOffsets(topic);
    const found = offsets.find((entry) => entry.partition === partition);
    return { low: Number(found?.low), high: Number(found?.high) };
  }

  async deleteRecordsBefore(topic: string, partition: number, offset: number): Promise<void> {
    const admin = await this.#getAdmin();
    // kafkajs looks for the leader among topics it has been asked about before.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  }

  /** The topic has `segment.ms` of a moment: the next record opens a segment, and what is before it gets cleaned. */
  async compact(topic: string, partition: number): Promise<void> {
    const before = await this.read(topic, partition, 0);
    await this.pass(300);
    await this.produce(topic, partition, [{ key: 'newest segment' }]);
    await this.until('compaction', async () => (await this.read(topic, partition, 0)).length < before.length + 1);
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  async until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
      await this.pass(20);
    }
  }

  async close(): Promise<void> {
    const admin = await this.#admin;
    await Promise.allSettled([
      admin?.disconnect(),
      ...this.#producers.map((producer) => producer.disconnect()),
      ...this.#clusters.map((cluster) => cluster.disconnect()),
    ]);
  }

  /** Everything up to the end: one answer holds no more than one segment of the log. */
  async #fetch(topic: string, partition: number, from: number, uncommitted: boolean): Promise<KafkaMessage[]> {
    const messages: KafkaMessage[] = [];
    for (let next = from; ;) {
      const batch = await this.#fetchOnce(topic, partition, next, uncommitted);
      messages.push(...batch.messages);
      const last = batch.rawMessages.at(-1);
      if (!last || Number(last.offset) < next) return messages;
      next = Number(last.offset) + 1;
    }
  }

  async #fetchOnce(topic: string, partition: number, from: number, uncommitted: boolean) {
    const cluster = await (this.#reader ??= this.#connect());
    await cluster.addTargetTopic(topic);
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    const broker = await cluster.findBroker({ nodeId: nodeId ?? '' });
    const fetchOffset = String(from);
    const { responses } = (await broker.fetch({
      isolationLevel: uncommitted ? 0 : 1,
      maxWaitTime: 100,
      minBytes: 1,
      maxBytes: 1 << 20,
      topics: [{ topic, partitions: [{ partition, fetchOffset, maxBytes: 1 << 20 }] }],
    })) as { responses: { partitions: unknown[] }[] };
    return new Batch(topic, fetchOffset, responses[0]?.partitions[0]);
  }

  async #connect(): Promise<Cluster> {
    const cluster = clusterOf(this.#kafka);
    this.#clusters.push(cluster);
    await cluster.connect();
    return cluster;
  }

  #getAdmin(): Promise<Admin> {
    return (this.#admin ??= (async () => {
      const admin = this.#kafka.admin();
      await admin.connect();
      return admin;
    })());
  }

  #getProducer(): Promise<Producer> {
    return (this.#producer ??= (async () => {
      const producer = this.#kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
      this.#producers.push(producer);
      await producer.connect();
      return producer;
    })());
  }
}

function toMessages(partition: number, records: readonly Written[]) {
  return records.map(({ key = null, value = '' }) => ({ partition, key, value }));
}

/** Of a group that nobody has asked about the coordinator may not know yet that it is one. */
async function onceFound(ask: () => Promise<void>): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    try {
      return await ask();
    } catch (error) {
      const away = (error as { readonly type?: string }).type === 'NOT_COORDINATOR_FOR_GROUP';
      if (!away || Date.now() > deadline) throw error;
    }
  }
}
