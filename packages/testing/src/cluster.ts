import {
  type Clock,
  type GroupDescription,
  type KafkaDriver,
  type KafkaRecord,
  type LogRange,
  type OutgoingRecord,
  partitionKey,
  type RecordMetadata,
  systemClock,
} from '@kafka-worker/engine';
import type { InMemoryConsumer } from './client/consumer.js';
import type { InMemoryTransactionalProducer } from './client/transactional-producer.js';
import { type ClientOfCluster, ClusterCore } from './cluster-core.js';
import { createDriver, type InMemoryDriverOptions } from './driver.js';
import type { Faults } from './faults.js';
import type { CommitEntry } from './group/commit-history.js';
import type { StoredOffset } from './group/offset-store.js';
import type { Latency } from './latency.js';
import { appendAll } from './log/append.js';
import { Scheduler } from './scheduler.js';
import type { InMemoryTransaction } from './transactions/transaction.js';

/** Options of {@link InMemoryCluster}. Times are milliseconds. */
export interface InMemoryClusterOptions {
  /** Time for everything the cluster does. Default: real time. With a `FakeClock` nothing moves unless a test moves it. */
  readonly clock?: Clock;
  /** Partitions of topics that are created without saying how many. Default 1. */
  readonly defaultPartitions?: number;
  /** Topics that are produced to are created where they do not exist. Default false: `SEND_FAILED`. */
  readonly autoCreateTopics?: boolean;
  /** Session timeout of members that bring none. Default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** Rebalance timeout of members that bring none. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** How long a member takes to notice what its group decided. Default 0: the next turn. */
  readonly heartbeatIntervalMs?: number;
  /**
   * How long a group without members waits for others after the first join. Default 0: those that join in the same
   * moment share the first generation.
   */
  readonly initialRebalanceDelayMs?: number;
  /**
   * What a message takes from a client to the cluster, or back; a function is asked for every message, so that whoever
   * owns the clock can decide each hop. Messages of one client keep their order in each direction all the same.
   * Default 0: a turn each.
   */
  readonly latencyMs?: Latency;
  /** Most records in one batch. Default 500. */
  readonly fetchMaxRecords?: number;
  /**
   * How long a driver's producer may have a transaction open before it is aborted and the producer fenced. Those of
   * {@link InMemoryCluster.beginTransaction} stay open as long as the test likes. Default 60,000.
   */
  readonly transactionTimeoutMs?: number;
  /** How many commits {@link InMemoryCluster.commits} remembers. Default 10,000. */
  readonly commitHistory?: number;
}

/** A group as a test sees it. */
export interface GroupView extends GroupDescription {
  readonly generation: number;
}

/**
 * A Kafka cluster in this process's memory: topics, transactions, groups, commits, members that come, go and die.
 *
 * Fast and deterministic: everything that happens later happens by a timer of the clock it was given. Not a broker: no
 * wire, no disk, no replicas, and only the checks of a broker that a worker can notice. Those are asked of a real Kafka
 * too, by one suite for both; the README has the table of what it does and does not do.
 */
export class InMemoryCluster {
  readonly #core: ClusterCore;

  constructor(options: InMemoryClusterOptions = {}) {
    const scheduler = new Scheduler(options.clock ?? systemClock, options.latencyMs ?? 0);
    this.#core = new ClusterCore(
      scheduler,
      {
        sessionTimeoutMs: options.sessionTimeoutMs ?? 30_000,
        rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 60_000,
        heartbeatIntervalMs: options.heartbeatIntervalMs ?? 0,
        initialRebalanceDelayMs: options.initialRebalanceDelayMs ?? 0,
        fetchMaxRecords: options.fetchMaxRecords ?? 500,
        autoCreateTopics: options.autoCreateTopics ?? false,
        transactionTimeoutMs: options.transactionTimeoutMs ?? 60_000,
      },
      options.defaultPartitions ?? 1,
      options.commitHistory ?? 10_000,
    );
  }

  /** A driver for an engine. Any number of drivers share the cluster, as any number of processes would. */
  driver(options: InMemoryDriverOptions = {}): KafkaDriver {
    return createDriver(this.#core, options);
  }

  /** What goes wrong on demand. */
  get faults(): Faults {
    return this.#core.faults;
  }

  /** Creates a topic at once; harmless if it exists. */
  createTopic(topic: string, partitions?: number): void {
    this.#core.topics.create(topic, partitions);
  }

  /** Appends records at once, all or none. Throws `TOPIC_MISSING`, unless the cluster creates topics. */
  produce(records: OutgoingRecord | readonly OutgoingRecord[]): RecordMetadata[] {
    const list: readonly OutgoingRecord[] = 'topic' in records ? [records] : records;
    const { topics, partitioner, options, scheduler } = this.#core;
    if (options.autoCreateTopics) for (const { topic } of list) topics.create(topic);
    return appendAll(topics, partitioner, list, scheduler.clock.now());
  }

  /** The next `count` offsets of a partition belong to no record, as after transactions and compaction. */
  skipOffsets(topic: string, partition: number, count: number): void {
    this.#core.topics.log({ topic, partition }).skip(count);
  }

  /** Cuts a partition from the front, as retention does. */
  deleteRecordsBefore(topic: string, partition: number, offset: number): void {
    this.#core.topics.log({ topic, partition }).deleteBefore(offset);
  }

  /**
   * As log compaction does: of each key the last record stays, the others leave gaps, and so do tombstones (`null`
   * values), records without a key and those of aborted transactions. A real one spares tombstones for
   * `delete.retention.ms` (`keepTombstones: true`) and the newest segment for ever. The range stays as it is.
   */
  compact(topic: string, partition: number, { keepTombstones = false }: { keepTombstones?: boolean } = {}): void {
    this.#core.topics.log({ topic, partition }).compact(keepTombstones);
  }

  /**
   * Begins a transaction. Whoever had the transactional id before is fenced (`INVALID_PRODUCER_EPOCH`), and what was
   * open under it is aborted. Consumers see nothing of it before it is committed, nor anything that was written behind
   * it, unless the driver was made with `readUncommitted`.
   */
  beginTransaction(transactionalId: string): InMemoryTransaction {
    return this.#core.transactions.begin(transactionalId);
  }

  /**
   * Cuts a partition from the back: `offset` becomes its end, and is given to the next record once more. As after an
   * unclean election, or when a topic is made anew.
   */
  truncate(topic: string, partition: number, offset: number): void {
    this.#core.topics.log({ topic, partition }).truncate(offset);
  }

  /**
   * Every record of a topic that still exists, by partition and offset; or those of one partition. Without those of
   * open and aborted transactions.
   */
  records(topic: string, partition?: number): KafkaRecord[] {
    const logs = this.#core.topics.get(topic).partitions;
    return logs.filter((log) => partition === undefined || log.partition === partition).flatMap((log) => log.all());
  }

  /** Readable range of a partition: up to the first record of a transaction that is still open. */
  range(topic: string, partition: number): LogRange {
    return this.#core.topics.log({ topic, partition }).range('read-committed');
  }

  /** What a group has committed, as it was stored; undefined where it has not. */
  committed(groupId: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#core.group(groupId).offsets.get({ topic, partition });
  }

  /** A group as it is now. */
  group(groupId: string): GroupView {
    return { ...this.#core.describeGroup(groupId), generation: this.#core.group(groupId).generation };
  }

  /**
   * Offsets between what a group has committed and the end of the logs, over every partition it is subscribed to or has
   * committed for. Counts offsets, as brokers' tools do: gaps are in it.
   */
  lag(groupId: string): number {
    const group = this.#core.group(groupId);
    const { topics } = this.#core;
    const partitions = new Map(
      [...topics.partitionsOf(group.members().flatMap((m) => m.request.topics)), ...group.offsets.partitions()].map(
        (p) => [partitionKey(p.topic, p.partition), p],
      ),
    );
    let lag = 0;
    for (const partition of partitions.values()) {
      const { low, high } = topics.log(partition);
      lag += Math.max(0, high - (group.offsets.committed(partition).offset ?? low));
    }
    return lag;
  }

  /** The last commits, accepted and refused, oldest first. */
  get commits(): readonly CommitEntry[] {
    return this.#core.history.entries();
  }

  /** Consumers that were started and neither stopped nor crashed; those of one group, or all. */
  consumers(groupId?: string): InMemoryConsumer[] {
    return [...this.#core.consumers].filter((consumer) => groupId === undefined || consumer.groupId === groupId);
  }

  /** Transactional producers that were opened and neither closed nor crashed. */
  transactionalProducers(): InMemoryTransactionalProducer[] {
    return [...this.#core.producers];
  }

  /** The member's session is over, whether or not it is alive. It learns that from its next heartbeat. */
  expireSession(memberId: string): void {
    this.#core.groupOfMember(memberId)?.expel(memberId);
  }

  /**
   * As `kill -9` of the client's process: nothing it does counts from now on, and a consumer's listener hears nothing
   * any more. Its group notices when the session times out; what a producer has open, whoever opens its transactional
   * id next.
   */
  crash(client: ClientOfCluster): void {
    this.#core.find(client).crash();
  }

  /**
   * As SIGSTOP, or a network that is gone: no heartbeats, no records, requests wait. The session runs out meanwhile, and
   * the time of an open transaction.
   */
  suspend(client: ClientOfCluster): void {
    this.#core.find(client).suspend();
  }

  /** Ends {@link suspend}. */
  wake(client: ClientOfCluster): void {
    this.#core.find(client).wake();
  }
}
