import type {
  CommittedOffset,
  DriverAdmin,
  GroupDescription,
  LogRange,
  StartPosition,
  TopicSpec,
} from '@kafka-worker/engine';
import type { ClusterCore } from '../cluster-core.js';
import { Connection } from './connection.js';

/** See `TopicSpec.partitions`. */
const BROKER_DEFAULT = -1;

/** Questions to the in-memory cluster. */
export class InMemoryAdmin implements DriverAdmin {
  readonly #connection: Connection;

  constructor(
    private readonly core: ClusterCore,
    clientId: string,
  ) {
    this.#connection = new Connection(core.nameClient(clientId, 'admin'), core.scheduler);
  }

  connect(): Promise<void> {
    return this.#connection.request(() => undefined);
  }

  listTopics(): Promise<string[]> {
    return this.#ask(() => this.core.topics.names());
  }

  partitions(topics: readonly string[]): Promise<Map<string, number>> {
    return this.#ask(() => {
      const counts = new Map<string, number>();
      for (const name of topics) {
        const topic = this.core.topics.find(name);
        if (topic) counts.set(name, topic.partitions.length);
      }
      return counts;
    });
  }

  createTopics(topics: readonly TopicSpec[]): Promise<void> {
    return this.#ask(() => {
      for (const { topic, partitions, configs } of topics) {
        this.core.topics.create(topic, partitions === BROKER_DEFAULT ? undefined : partitions, configs);
      }
    });
  }

  /** Rejects with `TOPIC_MISSING`. */
  logRanges(topic: string): Promise<LogRange[]> {
    return this.#ask(() => this.core.topics.get(topic).partitions.map((log) => log.range('read-committed')));
  }

  /** Rejects with `TOPIC_MISSING`. */
  offsetsAt(topic: string, timestamp: number): Promise<StartPosition[]> {
    return this.#ask(() =>
      this.core.topics
        .get(topic)
        .partitions.map((log) => ({ topic, partition: log.partition, offset: log.offsetAt(timestamp) })),
    );
  }

  committed(groupId: string, topics: readonly string[]): Promise<CommittedOffset[]> {
    return this.#ask(() => {
      const { offsets } = this.core.group(groupId);
      return this.core.topics.partitionsOf(topics).map((partition) => offsets.committed(partition));
    });
  }

  listGroups(): Promise<string[]> {
    return this.#ask(() => this.core.groupIds());
  }

  /** A group nobody has heard of is described as `Dead`, as a broker does. */
  describeGroup(groupId: string): Promise<GroupDescription> {
    return this.#ask(() => this.core.describeGroup(groupId));
  }

  async close(): Promise<void> {
    // Holds nothing.
  }

  #ask<T>(question: () => T): Promise<T> {
    return this.#connection.request(question);
  }
}
