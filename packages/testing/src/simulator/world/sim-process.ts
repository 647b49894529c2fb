import {
  CommitError,
  type CommittedOffset,
  type Delivery,
  type DrainCause,
  type DriverConsumer,
  type EngineEvent,
  fixed,
  freeze,
  type LogRange,
  type OffsetCommit,
  partitionKey,
  skip,
  WorkerEngine,
  type WorkerOptions,
} from '@kafka-worker/engine';
import type { InMemoryCluster } from '../../cluster.js';
import type { InMemoryConsumer } from '../../client/consumer.js';
import type { Decisions } from '../decisions.js';
import { checkCommit } from '../model/commit-check.js';
import { checkDrained } from '../model/drain-check.js';
import { HeldPartition } from '../model/held-partition.js';
import { keyOf, type ModelWorld, numberOf, ProcessModel } from '../model/process-model.js';
import { checkStep } from '../model/step-check.js';
import { readStoredMap, type Span } from '../model/stored-map.js';
import { groupName, topicName, workerName, type WorkerSpec } from '../scenario/scenario.js';
import { actHandler, planHandler } from './handler.js';
import type { History } from './history.js';
import { ProcessClock } from './process-clock.js';
import type { SimClock } from './sim-clock.js';
import { watchDriver, type Watcher } from './watched-driver.js';

/** What a process runs in. */
export interface ProcessWorld extends ModelWorld {
  readonly clock: SimClock;
  readonly cluster: InMemoryCluster;
  readonly decisions: Decisions;
  readonly history: History;
  /** True from the end of the script on: no handler fails or is slow any more. */
  readonly calm: boolean;
  /** The broker was made to refuse maps as too large: from then on they may be left out. */
  readonly mapsMayBeLost: boolean;
  /** Something was done to the cluster that may cost any process its membership. */
  readonly membershipsAreInDoubt: boolean;
  /** How often a handler was started for a record of a group, this start included. */
  countStart(key: string): number;
}

/**
 * started  running, as far as it knows
 * draining told to end
 * stopped  ended by itself
 * killed   as by `kill -9`
 */
export type ProcessState = 'started' | 'draining' | 'stopped' | 'killed';

/** The last commit of a shutdown is not waited for any longer. Milliseconds. */
const LAST_COMMIT_MS = 2_000;

/** The commits of one group's member. */
interface CommitRecord {
  /** What the one under way holds. */
  underWay: readonly HeldPartition[] | undefined;
  /** How many have failed so far. */
  failed: number;
  /** The last one has failed, and another try can mend it. */
  canRetry: boolean;
}

/** A drain under way. */
interface DrainBegin {
  readonly since: number;
  readonly partitions: readonly HeldPartition[];
  /** Commits that had failed before. */
  readonly failed: number;
}

/** One process: an engine with its workers, its client, and the model that watches both. */
export class SimProcess implements Watcher {
  readonly model: ProcessModel;
  readonly engine: WorkerEngine;
  state: ProcessState = 'started';
  /** Cut off from the cluster: no heartbeats, requests wait. */
  cutOff = false;
  /** Something was done to it that may cost it its membership. */
  mayBeExpelled = false;
  /** Its client gave up. */
  crashed = false;
  readonly #engineClock: ProcessClock;
  readonly #handlerClock: ProcessClock;
  readonly #consumers = new Map<number, InMemoryConsumer>();
  readonly #found = new Map<string, CommittedOffset>();
  readonly #ranges = new Map<string, LogRange>();
  readonly #drains = new Map<string, DrainBegin>();
  readonly #commits = new Map<number, CommitRecord>();

  constructor(
    readonly name: string,
    readonly world: ProcessWorld,
  ) {
    const { scenario, clock, cluster } = world;
    const { engine: spec, cluster: setup } = scenario;
    this.model = new ProcessModel(name, world);
    this.#engineClock = new ProcessClock(clock);
    this.#handlerClock = new ProcessClock(clock);
    const driver = cluster.driver({
      clientId: name,
      incrementalRebalance: setup.incremental,
      heartbeatsDuringRevoke: setup.heartbeatsDuringRevoke,
    });
    this.engine = new WorkerEngine({
      driver: watchDriver(driver, this),
      clock: this.#engineClock,
      ...(spec.maxConcurrency === undefined ? {} : { maxConcurrency: spec.maxConcurrency }),
      rebalance: { strategy: spec.strategy, ...(spec.drainMs === undefined ? {} : { timeoutMs: spec.drainMs }) },
      shutdown: { graceMs: spec.graceMs, forceMs: spec.forceMs },
      sessionTimeoutMs: setup.sessionTimeoutMs,
      rebalanceTimeoutMs: setup.rebalanceTimeoutMs,
    });
    scenario.workers.forEach((worker, index) =>
      this.engine.add({
        id: workerName(index),
        groupId: groupName(worker.group),
        topics: [topicName(worker.topic)],
        options: optionsOf(worker),
        handle: (delivery) => this.#handle(worker, delivery),
      }),
    );
    this.engine.on((event) => this.#heard(event));
  }

  get alive(): boolean {
    return this.state === 'started' || this.state === 'draining';
  }

  start(): void {
    this.world.history.note(this.name, () => 'starts');
    this.engine.start().catch((error: unknown) => {
      this.world.history.note(this.name, () => `start failed: ${String(error)}`);
      if (this.state === 'started') this.crashed = true;
    });
  }

  /** SIGTERM. Resolves when it has ended. */
  async drain(): Promise<void> {
    if (this.state !== 'started') return;
    this.world.history.note(this.name, () => 'drains for its end');
    this.state = 'draining';
    await this.engine.drain();
    this.state = 'stopped';
    this.world.history.note(this.name, () => 'has ended');
  }

  /** `kill -9`. */
  kill(): void {
    this.world.history.note(this.name, () => 'is killed');
    this.state = 'killed';
    this.#engineClock.kill();
    this.#handlerClock.kill();
    for (const consumer of this.#openConsumers()) this.world.cluster.crash(consumer);
    for (const partition of this.model.held.values()) partition.dead = true;
  }

  setCutOff(cutOff: boolean): void {
    this.world.history.note(this.name, () => (cutOff ? 'is cut off' : 'is back'));
    this.cutOff = cutOff;
    this.mayBeExpelled = true;
    for (const consumer of this.#openConsumers()) {
      if (cutOff) this.world.cluster.suspend(consumer);
      else this.world.cluster.wake(consumer);
    }
  }

  /** Its sessions are over, though it is alive. */
  expire(): void {
    this.world.history.note(this.name, () => 'its session is over');
    this.mayBeExpelled = true;
    for (const { memberId } of this.#openConsumers()) if (memberId !== '') this.world.cluster.expireSession(memberId);
  }

  dropConnections(lost: 'requests' | 'answers', reconnectAfterMs: number): void {
    this.world.history.note(this.name, () => 'its connections drop');
    this.mayBeExpelled = true;
    for (const consumer of this.#openConsumers()) {
      this.world.cluster.faults.dropConnection(consumer, { lost, reconnectAfterMs });
    }
  }

  /** True while the group takes it for a member that can be reached. */
  believed(group: number): boolean {
    const consumer = this.#consumers.get(group);
    if (!this.alive || this.cutOff || consumer === undefined || consumer.memberId === '') return false;
    return this.world.cluster.group(groupName(group)).members.some(({ memberId }) => memberId === consumer.memberId);
  }

  /** Looks at everything, between two steps. */
  check(): void {
    if (this.state === 'stopped') {
      const { violations } = this.world;
      violations.expect(
        this.#engineClock.pending === 0,
        'leak',
        () => `${this.name} has ended and ${this.#engineClock.pending} timers are set`,
      );
      violations.expect(this.#openConsumers().length === 0, 'leak', () => `${this.name} has ended and its client runs`);
    }
    if (this.alive && !this.crashed) checkStep(this.model, this.engine.inspect());
  }

  #openConsumers(): InMemoryConsumer[] {
    const open = new Set(this.world.cluster.consumers());
    return [...this.#consumers.values()].filter((consumer) => open.has(consumer));
  }

  // ---------------------------------------------------------------- handlers

  #handle(worker: WorkerSpec, delivery: Delivery): unknown {
    if (!this.alive) return new Promise(() => undefined);
    const { topic, partition, offset } = delivery.record;
    const group = numberOf(delivery.groupId);
    const key = `${keyOf(group, numberOf(topic), partition)}/${offset}`;
    const nth = this.world.countStart(key);
    const { scenario, decisions, calm } = this.world;
    const held = this.model.find(group, numberOf(topic), partition);
    const call = this.model.started(held, offset, delivery.attempt, delivery.signal);
    const plan = planHandler(decisions, calm ? CALM : scenario.handlers, worker, [key], nth);
    const what = `${topic}/${partition} ${offset} of ${delivery.groupId}`;
    this.world.history.note(this.name, () => `handles ${what}, attempt ${delivery.attempt}: ${describe(plan)}`);
    return actHandler(plan, delivery, this.#handlerClock, call, (end) => {
      this.world.history.note(
        this.name,
        () => `through with ${what}: ${end}${delivery.signal.aborted ? ', aborted' : ''}`,
      );
      if (call !== undefined) this.model.ended(call, end);
    });
  }

  #heard(event: EngineEvent): void {
    if (!this.alive) return;
    this.world.history.note(this.name, () => `tells ${describeEvent(event)}`);
    this.model.heard(event);
    if (event.type === 'sought') {
      this.model.sought(numberOf(event.groupId), numberOf(event.topic), event.partition, event.offset);
    } else if (event.type === 'group.lost') {
      this.world.violations.expect(
        this.mayBeExpelled || this.world.membershipsAreInDoubt,
        'liveness',
        () => `${this.name} has lost its membership, and nothing was done to it`,
      );
    }
  }

  // ---------------------------------------------------------------- watching its client

  made(groupId: string, consumer: DriverConsumer): void {
    const group = numberOf(groupId);
    this.#consumers.set(group, consumer as InMemoryConsumer);
    this.#commits.set(group, { underWay: undefined, failed: 0, canRetry: false });
  }

  found(groupId: string, offsets: readonly CommittedOffset[]): void {
    for (const offset of offsets) this.#found.set(this.#key(groupId, offset), offset);
  }

  ranges(groupId: string, ranges: readonly LogRange[]): void {
    for (const range of ranges) this.#ranges.set(this.#key(groupId, range), range);
  }

  assigned(...[groupId, { partitions }]: Parameters<Watcher['assigned']>): void {
    this.world.history.note(this.name, () => `is assigned ${names(partitions)} of ${groupId}`);
    this.model.assigned(numberOf(groupId), partitions);
  }

  assignedEnded(...[groupId, { partitions }, starts]: Parameters<Watcher['assignedEnded']>): void {
    if (!this.alive) return;
    const group = numberOf(groupId);
    const lost = this.model.assigning.get(group) ?? new Set();
    const fresh = partitions
      .filter(
        (partition) => !this.model.held.has(this.#key(groupId, partition)) && !lost.has(this.#key(groupId, partition)),
      )
      .map((partition) => this.#begin(groupId, partition.topic, partition.partition, starts));
    this.model.assignedEnded(
      group,
      fresh,
      starts.filter((start) => !lost.has(this.#key(groupId, start))),
    );
    this.world.history.note(
      this.name,
      () =>
        `starts at ${starts.map((s) => `${partitionKey(s.topic, s.partition)}:${s.offset}`).join(' ')} of ${groupId}`,
    );
  }

  assignedFailed(groupId: string): void {
    this.model.assigning.delete(numberOf(groupId));
  }

  /** A new partition has to start where the group's stored offset and the log say. */
  #begin(
    groupId: string,
    topic: string,
    partition: number,
    starts: Parameters<Watcher['assignedEnded']>[2],
  ): HeldPartition {
    const key = this.#key(groupId, { topic, partition });
    const stored = this.#found.get(key);
    const { low, high } = this.#ranges.get(key) ?? { low: 0, high: 0 };
    let expected = low;
    let restored: readonly Span[] = [];
    if (stored?.offset !== undefined && stored.offset <= high) {
      expected = Math.max(stored.offset, low);
      restored = readStoredMap(stored.metadata, stored.offset) ?? [];
    }
    const told = starts.find((start) => start.topic === topic && start.partition === partition)?.offset;
    this.world.violations.expect(
      told === expected,
      'no-loss',
      () => `${this.name} starts ${key} at ${told}; stored is ${stored?.offset}, the log is [${low}, ${high})`,
    );
    const group = numberOf(groupId);
    const workerIndex = this.world.scenario.workers.findIndex((w) => w.group === group && topicName(w.topic) === topic);
    const worker = this.world.scenario.workers[workerIndex] as WorkerSpec;
    const log = this.world.log(numberOf(topic), partition);
    return new HeldPartition(group, numberOf(topic), partition, workerIndex, worker, log, expected, restored);
  }

  revoking(...[groupId, partitions]: Parameters<Watcher['revoking']>): void {
    this.world.history.note(this.name, () => `is to give back ${names(partitions)} of ${groupId}`);
    const leaving = this.#heldOf(groupId, partitions);
    this.#drainBegins(groupId, 'rebalance', leaving);
    this.model.revoking(leaving);
  }

  revoked(...[groupId, partitions, deadlineMs]: Parameters<Watcher['revoked']>): void {
    if (!this.alive || this.model.leaving.has(numberOf(groupId))) return;
    this.world.history.note(this.name, () => `is ready to give back ${names(partitions)} of ${groupId}`);
    const { strategy, drainMs } = this.world.scenario.engine;
    const budgetMs = strategy === 'drain' ? Math.min(deadlineMs, drainMs ?? deadlineMs * 0.9) : 0;
    this.#checkDrained(groupId, 'rebalance', budgetMs);
  }

  #drainBegins(groupId: string, cause: DrainCause, partitions: readonly HeldPartition[]): void {
    this.#drains.set(`${groupId} ${cause}`, {
      since: this.world.now(),
      partitions,
      failed: this.#commitsOf(groupId).failed,
    });
  }

  #checkDrained(groupId: string, cause: DrainCause, budgetMs: number): void {
    const { underWay, failed, canRetry } = this.#commitsOf(groupId);
    const began = this.#drains.get(`${groupId} ${cause}`) as DrainBegin;
    // lost meanwhile, or already part of the next assignment: this drain is not what lets them go
    const partitions = began.partitions.filter(
      ({ dead, draining }) => !dead && (cause === 'shutdown' || draining === 'revoking'),
    );
    if (partitions.length === 0) return;
    const inTime = this.world.now() - began.since < LAST_COMMIT_MS;
    const gaveUp =
      failed - began.failed === 1 && canRetry && underWay === undefined && inTime && this.believed(numberOf(groupId));
    this.world.violations.expect(
      !gaveUp,
      'drain',
      () => `${this.name} lets its partitions go after one commit that could have been sent again`,
    );
    checkDrained(this.model, partitions, {
      since: began.since,
      budgetMs,
      commitsWork: underWay === undefined && failed === began.failed && !this.mayBeExpelled,
      mapsMayBeLost: this.world.mapsMayBeLost,
      stored: (partition) =>
        this.world.cluster.committed(groupName(partition.group), topicName(partition.topic), partition.partition),
    });
  }

  lost(...[groupId, partitions]: Parameters<Watcher['lost']>): void {
    this.world.history.note(this.name, () => `has lost ${names(partitions)} of ${groupId}`);
    for (const partition of partitions) this.model.assigning.get(numberOf(groupId))?.add(this.#key(groupId, partition));
    for (const partition of this.#heldOf(groupId, partitions)) this.model.lose(partition);
  }

  offered(...[groupId, batch]: Parameters<Watcher['offered']>): void {
    this.#positionBefore = this.model.find(numberOf(groupId), numberOf(batch.topic), batch.partition)?.position ?? 0;
    this.model.offered(numberOf(groupId), batch);
  }

  #positionBefore = 0;

  taken(...[groupId, batch, taken]: Parameters<Watcher['taken']>): void {
    const offsets = batch.records.map(({ offset }) => offset);
    this.world.history.note(
      this.name,
      () => `takes ${taken} of ${partitionKey(batch.topic, batch.partition)} ${offsets.join(' ')} for ${groupId}`,
    );
    const partition = this.model.find(numberOf(groupId), numberOf(batch.topic), batch.partition);
    if (partition === undefined) return;
    for (const held of partition.confirm(offsets, taken, this.#positionBefore)) {
      this.world.violations.add(
        'bounds',
        `${this.name} runs ${held.record.offset} of ${partition.name}, which it did not take`,
      );
    }
    partition.refusing = taken < offsets.length;
  }

  resumed(...[groupId, partitions]: Parameters<Watcher['resumed']>): void {
    for (const partition of this.#heldOf(groupId, partitions)) partition.refusing = false;
  }

  stateChanged(groupId: string, state: string): void {
    this.world.history.note(this.name, () => `is ${state} in ${groupId}`);
    if (state === 'crashed') this.crashed = true;
  }

  committing(...[groupId, offsets]: Parameters<Watcher['committing']>): void {
    this.world.history.note(this.name, () => `commits ${describeCommits(offsets)} of ${groupId}`);
    checkCommit(this.model, numberOf(groupId), offsets, this.world.mapsMayBeLost);
    const commits = this.#commitsOf(groupId);
    this.world.violations.expect(
      commits.underWay === undefined,
      'safety',
      () => `${this.name} commits while a commit is under way`,
    );
    commits.underWay = this.#heldOf(groupId, offsets);
  }

  committed(...[groupId, error]: Parameters<Watcher['committed']>): void {
    this.world.history.note(
      this.name,
      () => `commit ${error === undefined ? 'acknowledged' : `failed: ${String(error)}`} of ${groupId}`,
    );
    const commits = this.#commitsOf(groupId);
    const partitions = commits.underWay ?? [];
    commits.underWay = undefined;
    commits.canRetry = error instanceof CommitError && error.canRetry;
    if (error === undefined) return;
    commits.failed++;
    for (const partition of partitions) partition.notCommitted(this.world.now());
  }

  stopping(groupId: string): void {
    this.model.stoppingSince ??= this.world.now();
    this.#drainBegins(groupId, 'shutdown', this.model.ofGroup(numberOf(groupId)));
  }

  leaving(groupId: string): void {
    this.world.history.note(this.name, () => `leaves ${groupId}`);
    this.model.leaving.add(numberOf(groupId));
    const { graceMs, forceMs } = this.world.scenario.engine;
    if (this.alive && !this.crashed) {
      this.#checkDrained(groupId, 'shutdown', graceMs + forceMs);
    }
  }

  left(groupId: string): void {
    const group = numberOf(groupId);
    this.model.left.add(group);
    for (const partition of this.model.ofGroup(group)) this.model.lose(partition);
  }

  #heldOf(groupId: string, partitions: readonly { topic: string; partition: number }[]): HeldPartition[] {
    return partitions.flatMap((partition) => this.model.held.get(this.#key(groupId, partition)) ?? []);
  }

  #key(groupId: string, { topic, partition }: { topic: string; partition: number }): string {
    return keyOf(numberOf(groupId), numberOf(topic), partition);
  }

  #commitsOf(groupId: string): CommitRecord {
    return this.#commits.get(numberOf(groupId)) as CommitRecord;
  }
}

/** After the script every handler does its work, at once. */
const CALM = {
  maxMs: 5,
  sync: 0.2,
  micro: 0.4,
  fails: 0,
  poison: 0,
  steers: 0,
  deaf: 0,
  hangs: 0,
  commits: 0,
} as const;

function optionsOf(worker: WorkerSpec): WorkerOptions {
  const { orderBy } = worker;
  const [type, scope] = worker.onFailure.split('-') as ['freeze' | 'skip', 'key' | 'partition' | undefined];
  return {
    concurrency: worker.concurrency,
    ...(worker.concurrency === 'serial' ? {} : { limit: worker.limit }),
    ...(worker.partitionLimit === undefined ? {} : { partitionLimit: worker.partitionLimit }),
    ...(worker.concurrency === 'key' ? { nullKey: worker.nullKey } : {}),
    ...(worker.concurrency === 'key' && orderBy !== 'none'
      ? {
          orderBy: ({ key }) => {
            const text = key?.toString() ?? null;
            if (orderBy === 'broken' && text === 'k0') throw new Error('no order');
            return text === null || orderBy === 'broken' ? text : `half ${numberOf(text) >> 1}`;
          },
        }
      : {}),
    commit: worker.commit,
    retry: { attempts: worker.attempts, backoff: fixed(worker.backoffMs) },
    onFailure: type === 'skip' ? skip() : freeze(scope),
    ...(worker.timeoutMs === undefined ? {} : { timeoutMs: worker.timeoutMs }),
    buffer: { records: worker.bufferRecords, bytes: worker.bufferBytes },
  };
}

function names(partitions: readonly { topic: string; partition: number }[]): string {
  return partitions.map(({ topic, partition }) => partitionKey(topic, partition)).join(' ') || 'nothing';
}

function describeCommits(offsets: readonly OffsetCommit[]): string {
  return offsets
    .map(({ topic, partition, offset, metadata }) => {
      const done = (readStoredMap(metadata, offset) ?? []).map(({ from, to }) => `${from}-${to - 1}`).join(',');
      return `${partitionKey(topic, partition)}:${offset}${done === '' ? '' : `+${done}`}`;
    })
    .join(' ');
}

function describe({ pace, ms, end, deaf, commits }: ReturnType<typeof planHandler>): string {
  const time = pace === 'slow' ? `${ms} ms` : pace;
  return `${time}, ${end}${deaf ? ', deaf' : ''}${commits ? ', commits' : ''}`;
}

function describeEvent(event: EngineEvent): string {
  const { type, ...rest } = event;
  const parts = Object.entries(rest).map(
    ([name, value]) => `${name} ${value instanceof Error ? value.message : JSON.stringify(value)}`,
  );
  return `${type} ${parts.join(', ')}`;
}
