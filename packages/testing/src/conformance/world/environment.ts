import { deepEqual, equal } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type {
  DriverAdmin,
  DriverCapabilities,
  DriverConsumerOptions,
  DriverProducer,
  DriverTransactionalProducer,
  KafkaDriver,
  OutgoingRecord,
  TopicPartition,
} from '@kafka-worker/engine';
import type { ConformanceWorld } from '../subject.js';
import type { ConformanceCluster } from './cluster.js';
import { Probe } from './probe.js';

/** Letters for the names of members. */
const NAMES = 'abcdefgh';

/** What a case works with: the world it was given, and everything it opens, closed again at its end. */
export class Environment {
  readonly #members: Probe[] = [];
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #groupId = name('group');

  constructor(private readonly world: ConformanceWorld) {}

  get driver(): KafkaDriver {
    return this.world.driver;
  }

  get capabilities(): DriverCapabilities {
    return this.world.driver.capabilities;
  }

  get cluster(): ConformanceCluster {
    return this.world.cluster;
  }

  get sessionTimeoutMs(): number {
    return this.world.sessionTimeoutMs;
  }

  /** The group that members of this case join unless they name another. */
  get groupId(): string {
    return this.#groupId;
  }

  get now(): number {
    return this.world.time.now();
  }

  /** A name nobody had before. */
  name(prefix: string): string {
    return name(prefix);
  }

  wait(ms: number): Promise<void> {
    return this.world.time.wait(ms);
  }

  until(what: string, condition: () => boolean | Promise<boolean>, withinMs?: number): Promise<void> {
    return this.world.time.until(what, condition, withinMs);
  }

  /** A new topic. */
  async topic(partitions = 1): Promise<string> {
    const topic = name('topic');
    await this.cluster.createTopic(topic, partitions);
    return topic;
  }

  /** A member that has not been started. Closed at the end of the case. */
  member(topic: string | readonly string[], options: Partial<DriverConsumerOptions> = {}): Probe {
    const { sessionTimeoutMs } = this;
    const consumer = this.driver.createConsumer({
      groupId: this.#groupId,
      topics: typeof topic === 'string' ? [topic] : topic,
      sessionTimeoutMs,
      rebalanceTimeoutMs: sessionTimeoutMs * 4,
      ...options,
    });
    const member = new Probe(NAMES[this.#members.length] ?? 'x', consumer);
    this.#members.push(member);
    return member;
  }

  /** A member that holds its partitions; the only one of its group, as a rule. */
  async joined(topic: string | readonly string[], options: Partial<DriverConsumerOptions> = {}): Promise<Probe> {
    const member = this.member(topic, options);
    await member.start();
    await this.until(`${member.name} has joined`, () => member.states.at(-1) === 'joined');
    return member;
  }

  /**
   * Starts the last of `members`, which stand for the whole group, and waits until every partition of the topic is in
   * the hands of one of them and each has some.
   */
  async share(members: readonly Probe[], partitions: number): Promise<void> {
    const last = members.at(-1) as Probe;
    if (last.states.length === 0) await last.start();
    await this.until('all partitions are shared', () => shared(members, partitions));
  }

  /** Writes `count` records to a partition, valued by their number from `from` on. */
  async fill(partition: TopicPartition, count: number, from = 0): Promise<void> {
    await this.write(Array.from({ length: count }, (_, n) => ({ ...partition, key: null, value: String(from + n) })));
  }

  /** Writes records past the driver. */
  write(records: readonly OutgoingRecord[]): Promise<void> {
    return this.cluster.produce(records);
  }

  /**
   * Shows that the driver has had its chance to hand over what it must not: a record is written to another partition of
   * the member, and arrives.
   */
  async passed(member: Probe, marker: TopicPartition): Promise<void> {
    const before = member.offsets(marker).length;
    await this.fill(marker, 1, before);
    await this.until('the marker arrives', () => member.offsets(marker).length > before);
  }

  /** A producer that is connected. Closed at the end of the case. */
  async producer(): Promise<DriverProducer> {
    const producer = this.driver.createProducer();
    this.#closers.push(() => producer.close());
    await producer.connect();
    return producer;
  }

  /** A transactional producer that has not been opened. Closed at the end of the case. */
  transactional(transactionalId: string): DriverTransactionalProducer {
    const producer = this.driver.createTransactionalProducer?.(transactionalId);
    if (!producer) throw new Error('the driver says it has transactions, and makes no producer for them');
    this.#closers.push(() => producer.close());
    return producer;
  }

  /** One that has been. */
  async opened(transactionalId: string): Promise<DriverTransactionalProducer> {
    const producer = this.transactional(transactionalId);
    await producer.open();
    return producer;
  }

  /** An admin that is connected. Closed at the end of the case. */
  async admin(): Promise<DriverAdmin> {
    const admin = this.driver.createAdmin();
    this.#closers.push(() => admin.close());
    await admin.connect();
    return admin;
  }

  /** Everything that a reader from the beginning gets of a topic, by partition. */
  async readAll(topic: string, records: number): Promise<Probe> {
    const reader = await this.joined(topic, { groupId: name('reader') });
    await this.until('all is read', () => reader.taken.length >= records);
    equal(reader.taken.length, records);
    return reader;
  }

  /**
   * Closes everything. Throws where a member was told something against the rules, or where connections stay open.
   * `judge`: false where the case has failed already, since that error says more.
   */
  async close(judge: boolean): Promise<void> {
    try {
      await Promise.all(this.#members.map((member) => member.stop()));
      await Promise.all(this.#closers.map((close) => close()));
      if (judge) {
        deepEqual(
          this.#members.flatMap(({ rules }) => rules.violations),
          [],
          'rules of the driver port',
        );
      }
    } finally {
      this.world.time.close();
      await this.world.close?.();
    }
  }
}

function shared(members: readonly Probe[], partitions: number): boolean {
  const all = members.flatMap((member) => member.partitions).sort((a, b) => a - b);
  return (
    members.every((member) => member.partitions.length > 0 && member.states.at(-1) === 'joined') &&
    all.length === partitions &&
    all.every((partition, index) => partition === index)
  );
}

function name(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
