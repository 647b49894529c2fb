import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { doneAbove } from './done-set.js';
import { eventually } from './waiting.js';

/** What a group has committed for a partition. */
export interface Committed {
  /** -1: nothing. */
  readonly offset: number;
  readonly metadata: string;
  /** What the metadata names, decoded. */
  readonly done: readonly number[];
}

/** Looks at the cluster with a bare kafkajs, not with anything that is tested here. */
export class KafkaView {
  readonly #kafka: Kafka;
  readonly #admin: Admin;

  private constructor(brokers: readonly string[]) {
    this.#kafka = new kafkajs.Kafka({
      clientId: 'view',
      brokers: [...brokers],
      logLevel: kafkajs.logLevel.NOTHING,
      retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 10 },
    });
    this.#admin = this.#kafka.admin();
  }

  static async open(brokers: readonly string[]): Promise<KafkaView> {
    const view = new KafkaView(brokers);
    await view.#admin.connect();
    return view;
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    // kafkajs' own wait fails where the broker has not heard of the topic yet, as it may on a busy machine.
    await this.#admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
    await eventually(`the leaders of ${topic}`, async () => {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
      const found = topics[0]?.partitions ?? [];
      return found.length === partitions && found.every(({ leader }) => leader >= 0);
    });
  }

  /** By partition. */
  async committed(groupId: string, topic: string): Promise<Map<number, Committed>> {
    const [answer] = await this.#admin.fetchOffsets({ groupId, topics: [topic] });
    return new Map(
      (answer?.partitions ?? []).map(({ partition, offset, metadata }) => {
        const committed = { offset: Number(offset), metadata: metadata ?? '' };
        return [partition, { ...committed, done: doneAbove(committed.offset, committed.metadata) }];
      }),
    );
  }

  /** Kafka's word for the group's state, and its members' ids. */
  async group(groupId: string): Promise<{ readonly state: string; readonly members: readonly string[] }> {
    const group = (await this.#admin.describeGroups([groupId])).groups[0];
    return { state: group?.state ?? 'Dead', members: group?.members.map(({ memberId }) => memberId) ?? [] };
  }

  /** The protocol that a group has agreed on; empty while it joins, and without members. */
  async protocol(groupId: string): Promise<string> {
    return (await this.#admin.describeGroups([groupId])).groups[0]?.protocol ?? '';
  }

  /** Every value in the log of a topic, by partition in the order of the log. */
  async readLog(topic: string): Promise<Map<number, string[]>> {
    const ends = await this.#admin.fetchTopicOffsets(topic);
    const left = new Map(ends.flatMap(({ partition, high }) => (Number(high) > 0 ? [[partition, Number(high)]] : [])));
    const values = new Map<number, string[]>(ends.map(({ partition }) => [partition, []]));
    const read = new Map<number, number>();
    const consumer = this.#kafka.consumer({ groupId: `reader-of-${topic}` });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          const offset = Number(message.offset);
          // A join of the reader itself would start it over: only the log's own doubles may count.
          if (offset <= (read.get(partition) ?? -1)) return;
          read.set(partition, offset);
          values.get(partition)?.push(String(message.value));
          if (offset + 1 >= (left.get(partition) ?? 0)) left.delete(partition);
        },
      });
      await eventually(`the end of ${topic}`, () => left.size === 0, 60_000);
      return values;
    } finally {
      await consumer.disconnect();
    }
  }

  async close(): Promise<void> {
    await this.#admin.disconnect();
  }
}
