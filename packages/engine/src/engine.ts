import { systemClock, type Clock } from './clock.js';
import type { DriverConsumer, DriverConsumerOptions, KafkaDriver } from './driver/driver.js';
import { partitionKey, type TopicPartition } from './driver/record.js';
import { ConfigurationError, type ConfigurationMistake } from './errors/configuration.error.js';
import { KafkaWorkerError } from './errors/kafka-worker.error.js';
import { EventHub, type EngineEventListener, type SubscriptionOptions } from './events/emitter.js';
import type { EngineState } from './events/events.js';
import { within } from './group/waiting.js';
import { GroupMember } from './group/member.js';
import type { PartitionAssignment } from './group/partition-assignment.js';
import { snapshotGroup } from './group/snapshot.js';
import { statsOf } from './group/stats.js';
import { Resources } from './group/resources.js';
import { checkOffsets, resolveSubscriptions } from './group/subscriptions.js';
import type { EngineSnapshot } from './inspect.js';
import { combineInstrumentations } from './instrumentation/combine.js';
import type { EngineStats } from './instrumentation/engine-stats.js';
import type { WorkerInstrumentation } from './instrumentation/worker-instrumentation.js';
import { LoopShare } from './lanes/loop-share.js';
import { Slots } from './lanes/slots.js';
import { checkEngine } from './options/check-engine.js';
import { ForwardProducer } from './delivery/forward-producer.js';
import { prepareForwardTopics, type ResolvedWorker, retryTopicsOf } from './options/forward-topics.js';
import { compileWorkerOptions } from './options/compile-options.js';
import type { EngineOptions, Target, WorkerDefinition } from './options/engine-options.js';
import type { TransactionalStore } from './stores/transactional-store.js';
import { Worker } from './worker.js';

const DEFAULT_SESSION_TIMEOUT_MS = 30_000;
const DEFAULT_REBALANCE_TIMEOUT_MS = 60_000;
const DEFAULT_GRACE_MS = 25_000;
const DEFAULT_FORCE_MS = 3_000;
const DEFAULT_MAX_REWIND = 10_000;
/** A producer or a store that has not closed by then is left behind. Milliseconds. */
const CLOSE_MS = 2_000;

/**
 * Runs workers as members of their groups, from `start` to `drain`. One engine is one connection; a process may have
 * several. See `EngineState` for its life.
 */
export class WorkerEngine {
  readonly #options: EngineOptions;
  readonly #driver: KafkaDriver;
  readonly #clock: Clock;
  readonly #events = new EventHub();
  readonly #slots: Slots;
  readonly #definitions: WorkerDefinition[] = [];
  readonly #instrumentation: WorkerInstrumentation | undefined;
  #members: readonly GroupMember[] = [];
  /** Opened by us. */
  readonly #stores = new Set<Store>();
  #forwards: ForwardProducer | undefined;
  #state: EngineState = 'INITIALIZED';
  #starting: Promise<void> | undefined;
  #draining: Promise<void> | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#driver = options.driver;
    this.#clock = options.clock ?? systemClock;
    this.#slots = new Slots(options.maxConcurrency ?? Infinity, new LoopShare(this.#clock));
    this.#instrumentation = combineInstrumentations(options.instrumentation ?? []);
  }

  get state(): EngineState {
    return this.#state;
  }

  /** Registers a worker. @throws KafkaWorkerError NOT_RUNNING once the engine was started. */
  add(worker: WorkerDefinition): void {
    if (this.#state !== 'INITIALIZED') {
      throw new KafkaWorkerError('NOT_RUNNING', `worker ${worker.id} came after the engine was started`);
    }
    this.#definitions.push(worker);
  }

  /** Hears every event from now on. @returns the function that ends it. */
  on(listener: EngineEventListener, options?: SubscriptionOptions): () => void {
    return this.#events.on(listener, options);
  }

  /**
   * Checks everything, looks at the topics, joins the groups. Resolves when every client runs; a second call gives
   * the first one's promise. Where it fails everything that was opened is closed again.
   * @throws ConfigurationError with every mistake at once; KafkaWorkerError CONNECTION and what else the driver throws.
   */
  start(): Promise<void> {
    if (this.#draining !== undefined) {
      return Promise.reject(new KafkaWorkerError('NOT_RUNNING', 'the engine was drained; make a new one'));
    }
    return (this.#starting ??= this.#start());
  }

  async #start(): Promise<void> {
    const mistakes = checkEngine(this.#options, this.#definitions);
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    try {
      const members = this.#definitions.length > 0 ? await this.#assemble() : [];
      const consumers = members.map((member) => this.#consumer(member));
      if (this.#draining !== undefined) throw new KafkaWorkerError('NOT_RUNNING', 'the engine was drained meanwhile');
      this.#members = members;
      this.#attach();
      this.#setState('RUNNING');
      await Promise.all(members.map((member, i) => member.start(consumers[i] as DriverConsumer)));
    } catch (error) {
      if (this.#draining !== undefined) {
        // the drain closes what was opened; but it may be over, where this has taken long
        if (this.#members.length === 0) await this.#close();
        throw error;
      }
      await Promise.all(this.#members.map((member) => member.shutdown(0, 0)));
      await this.#close();
      if (this.#state !== 'INITIALIZED') this.#setState('STOPPED');
      throw error;
    }
  }

  /** Looks at everything that has to be there before a group is joined: topics, offsets, stores, the producer of copies. */
  async #assemble(): Promise<GroupMember[]> {
    const driver = this.#driver;
    const { allowAutoTopicCreation = false, startFrom } = this.#options;
    const topics = await resolveSubscriptions(driver, this.#definitions, allowAutoTopicCreation);
    const resolved = this.#definitions.map((definition) => ({
      ...definition,
      topics: topics.get(definition) ?? [],
      options: compileWorkerOptions(definition.options ?? {}),
    }));
    if (startFrom === 'none') await checkOffsets(driver, resolved);
    const counts = await prepareForwardTopics(driver, resolved);
    for (const store of storesOf(resolved)) {
      this.#stores.add(store);
      await store.open();
    }
    this.#forwards = new ForwardProducer(driver, counts);
    if (resolved.some(sendsCopies)) await this.#forwards.connect();
    const workers = resolved.map((definition) => this.#worker(definition));
    const groupIds = [...new Set(workers.map((worker) => worker.groupId))];
    return groupIds.map((groupId) =>
      this.#member(
        groupId,
        workers.filter((worker) => worker.groupId === groupId),
      ),
    );
  }

  /** Whatever is no member's own. Never rejects. */
  async #close(): Promise<void> {
    const stores = [...this.#stores].map((store) => store.close().catch(() => {}));
    this.#stores.clear();
    await within(Promise.all([this.#forwards?.close(), ...stores]), this.#clock, CLOSE_MS);
  }

  #worker(definition: Omit<WorkerDefinition, 'options' | 'topics'> & ResolvedWorker): Worker {
    const retryTopics = retryTopicsOf(definition);
    const topics = [...definition.topics, ...retryTopics.keys()];
    const init = {
      ...{ ...definition, topics, retryTopics, forwards: this.#forwards as ForwardProducer },
      instrumentation: this.#instrumentation,
    };
    return new Worker(init, this.#clock, this.#slots, this.#events);
  }

  #member(groupId: string, workers: readonly Worker[]): GroupMember {
    const { rebalance = {}, startFrom = 'beginning', maxRewind = DEFAULT_MAX_REWIND } = this.#options;
    return new GroupMember({
      groupId,
      workers,
      clock: this.#clock,
      events: this.#events,
      strategy: rebalance.strategy ?? 'drain',
      rebalanceMs: rebalance.timeoutMs,
      keepAliveMs: this.#driver.capabilities.keepAliveDuringRevokeMs?.(this.#consumerOptions(groupId, [])),
      startFrom,
      maxRewind,
      resources: new Resources(this.#driver, this.#clock),
      ownershipCheckMs: this.#options.ownershipCheckMs,
    });
  }

  #consumer(member: GroupMember): DriverConsumer {
    const topics = [...new Set(member.workers.flatMap((worker) => worker.topics))];
    return this.#driver.createConsumer(this.#consumerOptions(member.groupId, topics));
  }

  #consumerOptions(groupId: string, topics: readonly string[]): DriverConsumerOptions {
    return {
      groupId,
      topics,
      sessionTimeoutMs: this.#options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: this.#options.rebalanceTimeoutMs ?? DEFAULT_REBALANCE_TIMEOUT_MS,
      fromBeginning: (this.#options.startFrom ?? 'beginning') !== 'latest',
    };
  }

  /** Figures of this moment, for metrics: counts since the start and what each partition holds. O(partitions and topics). */
  stats(): EngineStats {
    return statsOf(this.#members, this.#clock.now());
  }

  /** Everything there is to know now, as plain data. O(unsettled records). */
  inspect(): EngineSnapshot {
    return {
      state: this.#state,
      driver: this.#driver.name,
      running: this.#members.reduce((sum, member) => sum + member.running, 0),
      maxConcurrency: this.#options.maxConcurrency,
      groups: this.#members.map((member) => snapshotGroup(member, this.#clock.now())),
    };
  }

  /**
   * Nothing new starts for the target until `resume`; what runs finishes, offsets are committed. A target of a worker
   * alone also holds for partitions that come later. @throws KafkaWorkerError UNKNOWN_TARGET
   */
  pause(target: Target = {}): void {
    this.#setPaused(target, true);
  }

  /**
   * Ends every pause of the target: of a worker also those of its topics and partitions.
   * @throws KafkaWorkerError UNKNOWN_TARGET
   */
  resume(target: Target = {}): void {
    this.#setPaused(target, false);
  }

  /**
   * Goes on at another offset, backwards or forwards, and commits it.
   * @throws KafkaWorkerError UNKNOWN_TARGET where the partition is not held here or the offset is not in its log.
   */
  async seek(target: Target & TopicPartition, offset: number): Promise<void> {
    const members = new Set(this.#partitions(target).map(([member]) => member));
    for (const member of members) await member.seek(target.topic, target.partition, offset);
  }

  /**
   * Settles the record that holds the frontier of a partition as skipped, unless a handler is at it.
   * @returns its offset, or undefined where there was nothing to skip. @throws KafkaWorkerError UNKNOWN_TARGET
   */
  skip(target: Target & TopicPartition): number | undefined {
    return this.#partitions(target)
      .map(([, partition]) => partition.worker.skipFirst(partition))
      .at(0);
  }

  /**
   * Commits what is settled now, of every partition of the target: for `commit: 'manual'` from outside a handler, or to
   * be sure of it earlier than the cadence would. @throws CommitError when the broker does not acknowledge it;
   * KafkaWorkerError UNKNOWN_TARGET, or NOT_TRANSACTIONAL where the options of every worker of the target forbid it.
   */
  async commit(target: Target = {}): Promise<void> {
    const found = this.#partitions(target).map(([, partition]) => partition);
    const able = found.filter((partition) => partition.mayCommitByHand);
    // where none can be committed like this, the first one says why
    await Promise.all((able.length > 0 ? able : found).map((partition) => partition.commitNow()));
  }

  /**
   * Nothing new starts in these partitions until `unfreeze`, also where `resume` is called meanwhile; what runs finishes.
   * For what this process holds now, until it is handed over. @throws KafkaWorkerError UNKNOWN_TARGET
   */
  freeze(target: Target = {}): void {
    for (const [, partition] of this.#partitions(target)) partition.worker.freeze(partition);
  }

  /**
   * Changes how many handlers of these workers run at once in this process, until it ends; what runs above it finishes.
   * @param limit whole number of 1 or more @throws KafkaWorkerError UNKNOWN_TARGET; ConfigurationError
   */
  setLimit(target: Pick<Target, 'groupId' | 'worker'>, limit: number): void {
    const workers = this.#workers({ ...target });
    const mistakes = workers.flatMap((worker) => limitMistake(worker, limit));
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    for (const worker of workers) worker.setLimit(limit);
  }

  /** Goes on at frozen records, or with `skip` past them. @throws KafkaWorkerError UNKNOWN_TARGET */
  unfreeze(target: Target = {}, options: { readonly skip?: boolean } = {}): void {
    for (const [, partition] of this.#partitions(target)) partition.worker.unfreeze(partition, options.skip ?? false);
  }

  /**
   * Ends in two stages: running handlers finish (`graceMs`), then signals abort (`forceMs`), then what is settled is
   * committed and the groups are left. Always the same promise; never rejects.
   */
  drain(): Promise<void> {
    return (this.#draining ??= this.#drain());
  }

  async #drain(): Promise<void> {
    const stopped = (): boolean => this.#state === 'STOPPED'; // by a start that failed
    if (stopped()) return;
    this.#setState('DRAINING');
    const { graceMs = DEFAULT_GRACE_MS, forceMs = DEFAULT_FORCE_MS } = this.#options.shutdown ?? {};
    if (this.#starting !== undefined) {
      // a start under way ends first, if it ends at all: its clients must be closed too
      const ended = this.#starting.catch(() => {});
      await within(ended, this.#clock, graceMs);
    }
    if (stopped()) return;
    await Promise.all(this.#members.map((member) => member.shutdown(graceMs, forceMs)));
    await this.#close();
    this.#setState('STOPPED');
  }

  #attach(): void {
    const { event } = this.#instrumentation ?? {};
    if (event !== undefined) this.#events.on(event.bind(this.#instrumentation), { done: false });
    this.#instrumentation?.attached?.(this);
  }

  #setState(state: EngineState): void {
    this.#state = state;
    this.#events.emit({ type: 'engine.state', state });
    if (state === 'STOPPED') this.#instrumentation?.detached?.(this);
  }

  #setPaused(target: Target, paused: boolean): void {
    const workers = this.#workers(target);
    const wholeWorkers = target.topic === undefined && target.partition === undefined;
    if (wholeWorkers) for (const worker of workers) worker.paused = paused;
    const partitions = wholeWorkers ? this.#partitions(target, true) : this.#partitions(target);
    for (const [member, partition] of partitions) {
      if (!wholeWorkers || !paused) partition.paused = paused;
      partition.worker.reconsider(partition);
      this.#events.emit({
        type: paused ? 'paused' : 'resumed',
        groupId: member.groupId,
        worker: partition.worker.id,
        topic: partition.topic,
        partition: partition.partition,
      });
    }
  }

  #workers(target: Target): Worker[] {
    const found = this.#members
      .flatMap((member) => member.workers)
      .filter((worker) => target.worker === undefined || worker.id === target.worker)
      .filter((worker) => target.groupId === undefined || worker.groupId === target.groupId);
    if (found.length === 0) throw unknown(target);
    return found;
  }

  #partitions(target: Target, maybeNone = false): [GroupMember, PartitionAssignment][] {
    const workers = new Set(this.#workers(target));
    const found = this.#members.flatMap((member) =>
      member.partitions
        .filter((partition) => workers.has(partition.worker))
        .filter((partition) => target.topic === undefined || partition.topic === target.topic)
        .filter((partition) => target.partition === undefined || partition.partition === target.partition)
        .map((partition): [GroupMember, PartitionAssignment] => [member, partition]),
    );
    if (found.length === 0 && !maybeNone) throw unknown(target);
    return found;
  }
}

function limitMistake({ id, options }: Worker, limit: number): ConfigurationMistake[] {
  const wrong = (message: string): ConfigurationMistake[] => [{ where: id, option: 'limit', message }];
  if (!Number.isInteger(limit) || limit < 1) return wrong(`${limit} is not allowed; a whole number of 1 or more is`);
  return options.concurrency === 'serial' && limit > 1 ? wrong(`${limit} is not allowed with 'serial'; 1 is`) : [];
}

function unknown(target: Target): KafkaWorkerError {
  const { groupId, worker, topic, partition } = target;
  const what = [
    worker !== undefined && `worker ${worker}`,
    groupId !== undefined && `group ${groupId}`,
    topic !== undefined && (partition === undefined ? `topic ${topic}` : partitionKey(topic, partition)),
  ].filter((part) => part !== false);
  return new KafkaWorkerError(
    'UNKNOWN_TARGET',
    `this process holds no ${what.length > 0 ? what.join(', ') : 'partition'}`,
  );
}

/** What is opened with the engine and closed with it. */
type Store = Pick<TransactionalStore, 'open' | 'close'>;

function storesOf(workers: readonly ResolvedWorker[]): Set<Store> {
  const stores = new Set<Store>();
  for (const { options } of workers) {
    const { delivery, idempotency } = options;
    if (typeof delivery === 'object' && delivery.type === 'exactly-once') stores.add(delivery.store);
    if (idempotency !== undefined) stores.add(idempotency.store);
  }
  return stores;
}

/** With `transactional()` copies are part of the partition's transaction. */
function sendsCopies({ options: { onFailure, delivery } }: ResolvedWorker): boolean {
  const transactional = typeof delivery === 'object' && delivery.type === 'transactional';
  return !transactional && (onFailure.type === 'retry-topics' || onFailure.type === 'dead-letter');
}
