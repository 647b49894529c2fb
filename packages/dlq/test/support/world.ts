import type { KafkaDriver } from '@kafka-worker/engine';
import { FakeClock, InMemoryCluster, type InMemoryClusterOptions } from '@kafka-worker/testing';
import {
  readDeadLetters,
  replayDeadLetters,
  type ListedDeadLetter,
  type ReadDeadLettersOptions,
  type ReplayDeadLettersOptions,
  type ReplayReport,
} from '../../src/index.js';

/** The dead-letter topic of tests. */
export const DLQ = 'orders.dlq';

/** A cluster with a dead-letter topic and its origin, in time that stands still. */
export class DlqWorld {
  readonly clock = new FakeClock();
  readonly cluster: InMemoryCluster;

  constructor({
    partitions = 1,
    origin = 2,
    ...options
  }: { partitions?: number; origin?: number } & InMemoryClusterOptions = {}) {
    this.cluster = new InMemoryCluster({ clock: this.clock, ...options });
    this.cluster.createTopic(DLQ, partitions);
    if (origin > 0) this.cluster.createTopic('orders', origin);
  }

  /** Everything that a listing gives. */
  list(options: Partial<ReadDeadLettersOptions> = {}): Promise<ListedDeadLetter[]> {
    return this.clock.runUntil(this.startList(options));
  }

  async startList(options: Partial<ReadDeadLettersOptions> = {}): Promise<ListedDeadLetter[]> {
    const listed: ListedDeadLetter[] = [];
    const given = { driver: this.cluster.driver(), topic: DLQ, clock: this.clock, ...options };
    for await (const letter of readDeadLetters(given)) listed.push(letter);
    return listed;
  }

  /** A replay that sends, to its end. */
  replay(options: Partial<ReplayDeadLettersOptions> = {}): Promise<ReplayReport> {
    return this.clock.runUntil(this.startReplay(options));
  }

  startReplay(options: Partial<ReplayDeadLettersOptions> = {}): Promise<ReplayReport> {
    const driver: KafkaDriver = this.cluster.driver();
    return replayDeadLetters({ driver, topic: DLQ, clock: this.clock, dryRun: false, ...options });
  }

  /** Values of what stands in a topic. */
  values(topic = 'orders', partition?: number): string[] {
    return this.cluster.records(topic, partition).map(({ value }) => String(value));
  }
}
