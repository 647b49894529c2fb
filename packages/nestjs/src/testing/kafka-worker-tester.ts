import type { EngineEvent } from '@kafka-worker/engine';
import type { InMemoryCluster } from '@kafka-worker/testing';
import { DEFAULT_CONNECTION } from '../constants.js';
import type { KafkaWorkerHost } from '../runtime/kafka-worker.host.js';
import type { DeliveredRecord, RecordPosition } from './delivered-record.js';
import type { ProducedRecord } from './produced-record.js';
import type { TestClock } from './test-clock.js';
import { toTestRecord, type TestRecord } from './test-record.js';
import type { TestSite } from './test-site.js';
import type { TestWorld } from './test-world.js';
import {
  compileDeliverOptions,
  type CompiledDeliverOptions,
  type DeliverOptions,
  type KafkaWorkerTestingOptions,
} from './testing-options.js';

/**
 * What a test holds: `moduleRef.get(KafkaWorkerTester)`. It delivers records to the workers of the module under test,
 * moves their time, and shows what they have sent and committed.
 */
export class KafkaWorkerTester {
  readonly #world: TestWorld;
  readonly #host: KafkaWorkerHost;
  readonly #options: KafkaWorkerTestingOptions;

  /** @internal */
  constructor(world: TestWorld, host: KafkaWorkerHost, options: KafkaWorkerTestingOptions) {
    this.#world = world;
    this.#host = host;
    this.#options = options;
  }

  /** @internal */
  static worldOf(tester: KafkaWorkerTester): TestWorld {
    return tester.#world;
  }

  /**
   * Writes a record to a topic, lets the workers of all groups that read it have it, and resolves with what became of
   * it: settled, or frozen. Backoff costs no real time. With `transactional()` its transaction is waited for, too.
   *
   * `payloadOrRecord`: an object of nothing but `value` and, as wanted, `key`, `headers`, `partition`, `timestamp` is a
   * record; everything else is the payload of one.
   * @throws RecordNotSettledError where it cannot be settled (paused, behind a frozen record, a handler that never
   * settles); Error where no worker reads the topic.
   */
  async deliver<T = unknown>(
    topic: string,
    payloadOrRecord: T | TestRecord<T>,
    options: DeliverOptions = {},
  ): Promise<DeliveredRecord> {
    const [delivered] = await this.deliverAll(topic, [payloadOrRecord], options);
    return delivered as DeliveredRecord;
  }

  /** As {@link deliver}, with several records that are all in the log before the first is handled; in their order. */
  async deliverAll<T = unknown>(
    topic: string,
    payloadsOrRecords: readonly (T | TestRecord<T>)[],
    options: DeliverOptions = {},
  ): Promise<DeliveredRecord[]> {
    const compiled = compileDeliverOptions(options, this.#options);
    const records = payloadsOrRecords.map((given) => toTestRecord(topic, given));
    return this.#siteOf(topic, compiled).deliver(topic, records, compiled);
  }

  /**
   * What becomes of a record that stands in a topic already: one that a handler sent to another worker, one that was
   * frozen and goes on. Resolves at once where it is settled. Its time is counted from this call.
   * @throws as {@link deliver} does.
   */
  async settled(record: RecordPosition, options: DeliverOptions = {}): Promise<DeliveredRecord> {
    const compiled = compileDeliverOptions(options, this.#options);
    const site = this.#siteOf(record.topic, compiled);
    const [delivered] = await site.settled([record], this.#world.clock.now(), compiled);
    return delivered as DeliveredRecord;
  }

  /** What the application has sent so far, replies included, in the order of the acknowledgements; of one topic, or all. */
  produced(topic?: string): ProducedRecord[] {
    const all = this.#world.sites.flatMap(({ produced }) => produced);
    return topic === undefined ? all : all.filter((record) => record.topic === topic);
  }

  /**
   * Commits what is settled, as the passing of `commit.intervalMs` would, and where it is part of transactions by that.
   * Workers with `commit: 'manual'` are left to their handlers.
   * @throws CommitError where the cluster does not take it.
   */
  async commit(): Promise<void> {
    for (const site of this.#world.sites) await this.#world.pilot.run(site.commit());
  }

  /**
   * The next offset that a group would read after a restart; undefined where it has committed none.
   * `groupId`: needed where several groups read the topic; `connection`: where workers of several connections do.
   * @throws Error where it is not clear which group is meant.
   */
  committed(topic: string, partition = 0, groupId?: string, connection?: string): number | undefined {
    const site = this.#siteOf(topic, connection === undefined ? {} : { connection });
    const groups = site.groupsOf(topic);
    const [only, ...others] = groupId === undefined ? groups : [groupId];
    if (only === undefined || others.length > 0) {
      throw new Error(`${list(groups)} read '${topic}': committed(topic, partition, groupId) says which is meant`);
    }
    return site.cluster.committed(only, topic, partition)?.offset;
  }

  /** Everything that the engines of the module under test have told since their start. */
  get events(): readonly EngineEvent[] {
    return this.#world.events;
  }

  /** Time of the workers and the cluster. Handlers' own timers are not on it. */
  get clock(): TestClock {
    return this.#world.clock;
  }

  /** Moves time on by `ms` milliseconds: what waits for a backoff, a timeout or a commit goes on. */
  advance(ms: number): Promise<void> {
    return this.#world.clock.advance(ms);
  }

  /** Resolves when everything has happened that happens now: what can start has started, and time stands still. */
  tick(): Promise<void> {
    return this.#world.clock.tick();
  }

  /**
   * Moves time from timer to timer until the promise has settled, and returns or throws as it did.
   * @throws Error where no timer is left and it is still pending `patienceMs` later.
   */
  runUntil<T>(promise: Promise<T>): Promise<T> {
    return this.#world.pilot.run(promise);
  }

  /** The cluster of the connection without a name, or of the only one. For its faults, and for a look into topics. */
  get cluster(): InMemoryCluster {
    const names = this.#host.connections.map(({ name }) => name);
    const [first = DEFAULT_CONNECTION] = names;
    return this.clusterOf(names.includes(DEFAULT_CONNECTION) ? DEFAULT_CONNECTION : first);
  }

  /** The cluster of a named connection. @throws Error where there is no connection of that name. */
  clusterOf(connection: string): InMemoryCluster {
    return this.#siteFor(connection).cluster;
  }

  #siteFor(connection: string): TestSite {
    const names = this.#host.connections.map(({ name }) => name);
    if (!names.includes(connection)) throw new Error(`there is no connection '${connection}', only ${list(names)}`);
    return this.#world.site(connection);
  }

  /** The cluster where workers read the topic. */
  #siteOf(topic: string, { connection }: Pick<CompiledDeliverOptions, 'connection'>): TestSite {
    const sites = connection === undefined ? this.#world.sites : [this.#siteFor(connection)];
    if (sites.every(({ members }) => members.length === 0)) {
      throw new Error('no worker has been started: `await moduleRef.init()` comes first');
    }
    const [site, ...others] = sites.filter((candidate) => candidate.groupsOf(topic).length > 0);
    if (!site)
      throw new Error(`no worker reads '${topic}'; there are workers for ${list(sites.flatMap((s) => s.topics()))}`);
    if (others.length === 0) return site;
    const names = list([site, ...others].map(({ name }) => name));
    throw new Error(`workers of the connections ${names} read '${topic}': \`connection\` says which is meant`);
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map((name) => `'${name}'`).join(', ');
}
