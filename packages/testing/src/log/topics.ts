import { KafkaWorkerError, type TopicPartition } from '@kafka-worker/engine';
import type { PartitionLog } from './partition-log.js';
import { Topic } from './topic.js';

/** All topics of a cluster, by name. */
export class Topics {
  readonly #byName = new Map<string, Topic>();

  constructor(readonly defaultPartitions: number) {}

  names(): string[] {
    return [...this.#byName.keys()].sort();
  }

  find(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  /** One that exists already is returned as it is. */
  create(name: string, partitions = this.defaultPartitions, configs?: Readonly<Record<string, string>>): Topic {
    const existing = this.#byName.get(name);
    if (existing) return existing;
    const topic = new Topic(name, partitions, configs);
    this.#byName.set(name, topic);
    return topic;
  }

  /** Throws `TOPIC_MISSING`. */
  get(name: string): Topic {
    const topic = this.#byName.get(name);
    if (!topic) throw new KafkaWorkerError('TOPIC_MISSING', `topic "${name}" does not exist`);
    return topic;
  }

  /** Throws `TOPIC_MISSING`, also for a partition the topic does not have. */
  log({ topic, partition }: TopicPartition): PartitionLog {
    const log = this.get(topic).partitions[partition];
    if (!log) throw new KafkaWorkerError('TOPIC_MISSING', `topic "${topic}" has no partition ${partition}`);
    return log;
  }

  /** Every partition of these topics, by topic name and number. Topics that do not exist are left out. */
  partitionsOf(names: Iterable<string>): TopicPartition[] {
    return [...new Set(names)]
      .sort()
      .flatMap((name) => (this.find(name)?.partitions ?? []).map(({ topic, partition }) => ({ topic, partition })));
  }

  /** Throws `TOPIC_MISSING` naming every topic that does not exist. */
  check(names: readonly string[]): void {
    const missing = names.filter((name) => !this.#byName.has(name)).map((name) => `"${name}"`);
    if (missing.length === 0) return;
    const which = missing.length === 1 ? `topic ${missing[0]} does` : `topics ${missing.join(', ')} do`;
    throw new KafkaWorkerError('TOPIC_MISSING', `${which} not exist`);
  }
}
