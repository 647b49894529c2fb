import type {
  DriverTransaction,
  EngineEvent,
  KafkaDriver,
  KafkaRecord,
  OutgoingRecord,
  WorkerDefinition,
} from '@kafka-worker/engine';
import type { InMemoryCluster } from '@kafka-worker/testing';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { capturingDriver } from './capturing-driver.js';
import { DeliveredRecord, type RecordPosition } from './delivered-record.js';
import { forwardTopics, TopicReaders } from './forward-topics.js';
import { RecordNotSettledError, describeLanding } from './not-settled.error.js';
import type { Pilot } from './pilot.js';
import { toProducedRecord, type ProducedRecord } from './produced-record.js';
import { RecordLedger, type LedgerEntry } from './record-ledger.js';
import { RecordWatch } from './record-watch.js';
import type { TestClock } from './test-clock.js';
import { recordAtHand, senderOf, TestMember } from './test-member.js';
import type { CompiledDeliverOptions } from './testing-options.js';
import { watchTransaction } from './transaction-watch.js';

/** What a site is made with. */
export interface TestSiteInit {
  /** Name of the connection it is for. */
  readonly name: string;
  readonly cluster: InMemoryCluster;
  readonly clock: TestClock;
  readonly pilot: Pilot;
  readonly hear: (event: EngineEvent) => void;
}

/** One in-memory cluster, the connections that are to it, and what has become of the records in it. */
export class TestSite {
  readonly produced: ProducedRecord[] = [];
  readonly #members = new Map<KafkaWorkerConnection, TestMember>();
  readonly #ledger: RecordLedger;
  /** Restarts of one connection come one after the other. */
  readonly #restarts = new Map<KafkaWorkerConnection, Promise<void>>();

  constructor(private readonly init: TestSiteInit) {
    this.#ledger = new RecordLedger(
      () => init.clock.now(),
      (worker) => this.members.some((member) => member.guaranteeOf(worker) === 'transactional'),
    );
  }

  get name(): string {
    return this.init.name;
  }

  get cluster(): InMemoryCluster {
    return this.init.cluster;
  }

  get members(): readonly TestMember[] {
    return [...this.#members.values()];
  }

  /** A client of the cluster for one connection. */
  driver(connection: string): KafkaDriver {
    const { cluster, pilot } = this.init;
    const capture = (raw: KafkaRecord, entry: LedgerEntry | undefined): void => {
      const record = toProducedRecord(raw, connection);
      this.produced.push(record);
      entry?.produced.push(record);
    };
    return capturingDriver(cluster.driver({ clientId: connection }), {
      sent: (written) => {
        for (const { topic, partition, offset } of written) {
          const raw = cluster.records(topic, partition).findLast((record) => record.offset === offset);
          if (raw) capture(raw, recordAtHand()); // else a test has deleted it
        }
      },
      transacting: (transaction) => {
        const isKnown = (raw: KafkaRecord): boolean => this.produced.some((known) => isAt(known, raw));
        const find = watchTransaction(cluster, transaction.records, isKnown);
        return () => {
          if (!this.#hasCommitted(transaction)) return;
          for (const { sent, raw } of find()) capture(raw, senderOf(sent));
          this.#ledger.committed(transaction);
        };
      },
      ending: async (closed) => {
        await pilot.run(closed);
      },
    });
  }

  /** A connection starts: its topics are created, and its workers watched. */
  async join(
    connection: KafkaWorkerConnection,
    definitions: readonly WorkerDefinition[],
  ): Promise<readonly WorkerDefinition[]> {
    const existing = await this.#createTopics(definitions);
    let member = this.#members.get(connection);
    if (!member) {
      member = new TestMember(connection, definitions, this.#ledger);
      this.#members.set(connection, member);
      connection.runtime.events$.subscribe((event) => this.#hear(connection, event));
    }
    const began = (): void => this.init.pilot.signOfLife();
    return definitions.flatMap((worker) => member.prepare(worker, existing, began) ?? []);
  }

  /**
   * Resolves when the connection is a member of its groups, so that a test begins with partitions that can be paused.
   * Not where another member is at work, which a test may want to be in the middle of: its handlers hold the join up.
   */
  async joined(connection: KafkaWorkerConnection): Promise<void> {
    const { pilot } = this.init;
    const isBusy = (): boolean => this.members.some((member) => member.isBusy);
    await pilot.until(() => isBusy() || connection.runtime.inspect().groups.every(({ state }) => state === 'joined'));
  }

  /** Groups that read a topic, or would if it existed. */
  groupsOf(topic: string): string[] {
    return [...new Set(this.members.flatMap((member) => member.groupsOf(topic)))];
  }

  /** What its workers read, for messages. */
  topics(): string[] {
    return [
      ...new Set(this.members.flatMap(({ definitions }) => definitions.flatMap(({ topics }) => topics.map(String)))),
    ];
  }

  /** Whether anybody who runs reads for the group. */
  isAlive(groupId: string): boolean {
    return this.members.some(
      (member) =>
        member.snapshot.state !== 'STOPPED' && member.definitions.some((worker) => worker.groupId === groupId),
    );
  }

  /** Writes records of one topic and waits for what becomes of them. Written in the order of the calls. */
  async deliver(
    topic: string,
    records: readonly OutgoingRecord[],
    options: CompiledDeliverOptions,
  ): Promise<DeliveredRecord[]> {
    this.cluster.createTopic(topic);
    const unaware = this.members.filter((member) => member.groupsOf(topic).length > 0 && !member.hasTopic(topic));
    for (const { connection } of unaware) await this.#restart(connection, topic);
    const since = this.init.clock.now();
    return this.settled(this.cluster.produce(records), since, options);
  }

  /** Waits for what becomes of records of one topic. `since`: from when on their time is counted. */
  async settled(
    records: readonly RecordPosition[],
    since: number,
    options: CompiledDeliverOptions,
  ): Promise<DeliveredRecord[]> {
    const [first] = records;
    if (!first) return [];
    const groups = this.groupsOf(first.topic);
    const entries = records.map((record) => groups.map((groupId) => this.#ledger.entry(groupId, record)));
    const watch = new RecordWatch(this, entries.flat(), options);
    const landing = await this.init.pilot.carry(watch);
    const stuck = watch.open().find(({ disposition }) => disposition !== 'abandoned');
    if (stuck) {
      const why = `${watch.holdOf(stuck).text}${describeLanding(landing, options)}`;
      throw new RecordNotSettledError(stuck.record, stuck.groupId, why);
    }
    return entries.map((ofRecord, index) => {
      const outcomes = ofRecord.map((entry) => entry.outcome(since));
      return new DeliveredRecord(records[index] as RecordPosition, outcomes as [(typeof outcomes)[0]]);
    });
  }

  async commit(): Promise<void> {
    for (const member of this.members) await member.commit();
  }

  /** What the group has stored says it, as it does to the engine where the answer to a commit was lost. */
  #hasCommitted({ groupId, offsets }: DriverTransaction): boolean {
    return offsets.every(({ topic, partition, offset, metadata }) => {
      const stored = this.cluster.committed(groupId, topic, partition);
      return stored?.offset === offset && stored.metadata === metadata;
    });
  }

  /**
   * What workers read by name, and where their failed records go: a test of a handler is not about who creates topics.
   * @returns the topics that patterns are looked up in: all there were before those for failed records.
   */
  async #createTopics(definitions: readonly WorkerDefinition[]): Promise<readonly string[]> {
    for (const topic of definitions.flatMap(({ topics }) => topics)) {
      if (typeof topic === 'string') this.cluster.createTopic(topic);
    }
    const admin = this.cluster.driver().createAdmin();
    const existing = await admin.listTopics();
    const counts = await admin.partitions(existing);
    const readers = new TopicReaders(definitions);
    for (const worker of definitions) {
      for (const source of existing.filter((topic) => readers.sourceOf(worker, topic) === topic)) {
        for (const { topic, partitions } of forwardTopics(worker, source)) {
          this.cluster.createTopic(topic, partitions ?? counts.get(source));
        }
      }
    }
    return existing;
  }

  #hear(connection: KafkaWorkerConnection, event: EngineEvent): void {
    const { pilot } = this.init;
    this.init.hear(event);
    this.#ledger.hear(event);
    // A drain has time limits, and nobody else would move the clock towards them.
    if (event.type === 'engine.state' && event.state === 'DRAINING') {
      const { engine } = connection;
      void pilot.until(() => engine?.state !== 'DRAINING');
    }
    if (event.type.startsWith('record.')) pilot.signOfLife();
    else pilot.news();
  }

  async #restart(connection: KafkaWorkerConnection, topic: string): Promise<void> {
    const before = this.#restarts.get(connection) ?? Promise.resolve();
    const restarted = before.then(async () => {
      const member = this.#members.get(connection);
      if (!member?.hasTopic(topic)) await member?.restart();
    });
    this.#restarts.set(
      connection,
      restarted.catch(() => undefined),
    );
    await restarted;
  }
}

function isAt(a: RecordPosition, b: RecordPosition): boolean {
  return a.topic === b.topic && a.partition === b.partition && a.offset === b.offset;
}
