import {
  KafkaWorkerError,
  type CommittedOffset,
  type DriverAdmin,
  type GroupDescription,
  type LogRange,
  type StartPosition,
  type TopicSpec,
} from '@kafka-worker/engine';
import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import { settledWithin } from '../bounded.js';
import { createClient } from '../client.js';
import { brokerErrorType } from '../errors/broker-error.js';
import { connectionError } from '../errors/connection-error.js';
import type { KafkajsDriverOptions } from '../options.js';
import type { Sockets } from '../sockets.js';
import { describeMember } from './group-members.js';
import { retrying } from './retrying.js';

/** How long `close` waits for answers under way. Milliseconds. */
const ANSWER_PATIENCE_MS = 2000;

/** Topics the broker keeps for itself. kafkajs does not pass on the broker's own mark. */
const INTERNAL_TOPICS = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state']);

/** Questions to the cluster through kafkajs' admin client. Connects with the first one where `connect` was not called. */
export class KafkajsAdmin implements DriverAdmin {
  private readonly admin: Admin;
  private readonly sockets: Sockets;
  /** Questions being asked. */
  private readonly asking = new Set<Promise<unknown>>();
  private connected: Promise<void> | undefined;
  private closed: Promise<void> | undefined;

  constructor(driver: KafkajsDriverOptions) {
    const { kafka, sockets } = createClient(driver);
    this.admin = kafka.admin();
    this.sockets = sockets;
  }

  connect(): Promise<void> {
    this.connected ??= this.admin.connect().catch((error: unknown) => {
      this.connected = undefined;
      throw connectionError(error);
    });
    return this.connected;
  }

  async listTopics(): Promise<string[]> {
    const topics = await this.ask(() => this.admin.listTopics());
    return topics.filter((topic) => !INTERNAL_TOPICS.has(topic));
  }

  async partitions(topics: readonly string[]): Promise<Map<string, number>> {
    // One by one: a single topic that does not exist fails the whole question.
    const found = await Promise.all(topics.map((topic) => this.ask(() => this.topic(topic))));
    const counts = new Map<string, number>();
    for (const topic of found) if (topic) counts.set(topic.name, topic.partitions.length);
    return counts;
  }

  private async topic(topic: string): Promise<ITopicMetadata | undefined> {
    try {
      const { topics } = await this.admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0];
    } catch (error) {
      if (brokerErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined;
      throw error;
    }
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    // One by one as well: in one request a topic that exists already hides what became of the others.
    for (const { topic, partitions, replicationFactor, configs } of topics) {
      await this.ask(() =>
        this.admin.createTopics({
          waitForLeaders: true,
          topics: [
            {
              topic,
              numPartitions: partitions,
              replicationFactor: replicationFactor ?? -1,
              configEntries: Object.entries(configs ?? {}).map(([name, value]) => ({ name, value })),
            },
          ],
        }),
      );
    }
  }

  async logRanges(topic: string): Promise<LogRange[]> {
    const offsets = await this.ask(() => this.admin.fetchTopicOffsets(topic));
    // Brokers answer for the partitions they lead, in whatever order.
    return offsets
      .map(({ partition, low, high }) => ({ topic, partition, low: Number(low), high: Number(high) }))
      .sort((a, b) => a.partition - b.partition);
  }

  async offsetsAt(topic: string, timestamp: number): Promise<StartPosition[]> {
    const offsets = await this.ask(() => this.admin.fetchTopicOffsetsByTimestamp(topic, timestamp));
    return offsets
      .map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) }))
      .sort((a, b) => a.partition - b.partition);
  }

  async committed(groupId: string, topics: readonly string[]): Promise<CommittedOffset[]> {
    if (topics.length === 0) return [];
    const answers = await this.ask(() => this.admin.fetchOffsets({ groupId, topics: [...topics] }));
    return answers.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset, metadata }) => ({
        topic,
        partition,
        // -1: nothing is committed. -1 and -2 are also what kafkajs commits by itself to say "end" and "start".
        offset: Number(offset) < 0 ? undefined : Number(offset),
        metadata: metadata ?? '',
      })),
    );
  }

  async listGroups(): Promise<string[]> {
    const { groups } = await this.ask(() => this.admin.listGroups());
    return groups.map(({ groupId }) => groupId);
  }

  async describeGroup(groupId: string): Promise<GroupDescription> {
    const { groups } = await this.ask(() => this.admin.describeGroups([groupId]));
    const group = groups[0];
    if (!group) throw new kafkajs.KafkaJSNonRetriableError(`no answer about group ${groupId}`);
    const { state, protocol, members } = group;
    return { groupId, state, protocol, members: members.map(describeMember) };
  }

  close(): Promise<void> {
    this.closed ??= this.disconnect();
    return this.closed;
  }

  private async disconnect(): Promise<void> {
    await settledWithin(Promise.allSettled([...this.asking, this.connected]), ANSWER_PATIENCE_MS);
    if (this.connected) await settledWithin(this.admin.disconnect(), ANSWER_PATIENCE_MS);
    this.sockets.close();
  }

  private async ask<T>(question: () => Promise<T>): Promise<T> {
    if (this.closed) throw new KafkaWorkerError('NOT_RUNNING', 'the admin client is closed');
    const answer = this.connect().then(() => retrying(question, () => this.closed === undefined));
    this.asking.add(answer);
    try {
      return await answer;
    } finally {
      this.asking.delete(answer);
    }
  }
}
