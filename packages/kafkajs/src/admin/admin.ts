import type { CommittedOffset, DriverAdmin, GroupDescription, LogRange, TopicSpec } from '@kafka-worker/engine';
import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import { createClient } from '../client.js';
import { brokerErrorType } from '../errors/broker-error.js';
import { connectionError } from '../errors/connection-error.js';
import type { KafkajsDriverOptions } from '../options.js';
import { describeMember } from './group-members.js';
import { retrying } from './retrying.js';

/** Topics the broker keeps for itself. kafkajs does not pass on the broker's own mark. */
const INTERNAL_TOPICS = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state']);

/** Questions to the cluster through kafkajs' admin client. Connects with the first one where `connect` was not called. */
export class KafkajsAdmin implements DriverAdmin {
  private readonly admin: Admin;
  private connected: Promise<void> | undefined;
  private closed: Promise<void> | undefined;

  constructor(driver: KafkajsDriverOptions) {
    this.admin = createClient(driver).admin();
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
    return offsets.map(({ partition, low, high }) => ({ topic, partition, low: Number(low), high: Number(high) }));
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
    this.closed ??= (this.connected ?? Promise.reject(new Error('never connected'))).then(
      () => this.admin.disconnect().catch(() => undefined),
      () => undefined,
    );
    return this.closed;
  }

  private async ask<T>(question: () => Promise<T>): Promise<T> {
    await this.connect();
    return retrying(question);
  }
}
