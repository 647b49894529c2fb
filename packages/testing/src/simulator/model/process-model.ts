import type { AbortCause, EngineEvent, RecordBatch, StartPosition, TopicPartition } from '@kafka-worker/engine';
import type { Scenario, WorkerSpec } from '../scenario/scenario.js';
import type { GroupModel } from './group-model.js';
import { HeldPartition, type HeldRecord } from './held-partition.js';
import { type LogModel, originOf } from './log-model.js';
import { hasSucceeded, isCutOff, isCutOffForGood, type ModelCall, TIMEOUT_GRACE_MS } from './model-call.js';
import { keyOf, numberOf } from './names.js';
import { BudgetModel } from './budget-model.js';
import { type AttemptEnd, COPY_TRIES, type CopyFate, fateOf, skipped, UNSENT_MS } from './policy-rule.js';
import { checkBounds, checkStart } from './start-check.js';
import type { Violations } from './violation.js';

/** What a process model asks of its surroundings. */
export interface ModelWorld {
  readonly scenario: Scenario;
  readonly violations: Violations;
  readonly groups: GroupModel;
  /** The broker was made to refuse maps as too large: from then on they may be left out. */
  readonly mapsMayBeLost: boolean;
  now(): number;
  log(topic: number, partition: number): LogModel;
  /** True where what the group has stored says that this record is done. */
  isStored(group: number, topic: number, partition: number, offset: number): boolean;
  /** True where the dead-letter topic, or a retry topic of the group, holds a copy of this record. */
  isCopied(to: CopyFate, group: number, origin: string): boolean;
  /** True while the group still knows this process as a member and can reach it. */
  believed(process: string, group: number): boolean;
}

type RecordEvent = Extract<
  EngineEvent,
  { type: 'record.failed' | 'record.settled' | 'record.late' | 'frozen' | 'unfrozen' | 'forward.failed' }
>;

const OTHERS: ReadonlySet<string> = new Set(['frozen', 'unfrozen', 'forward.failed']);

function isOfRecord(event: EngineEvent): event is RecordEvent {
  return event.type.startsWith('record.') || OTHERS.has(event.type);
}

/** What one process has to do and may not do, kept by watching it from outside. */
export class ProcessModel {
  /** By `group/topic/partition`. Holds no dead one. */
  readonly held = new Map<string, HeldPartition>();
  /** Attempts whose handlers run, of partitions that are gone too; without those given up. */
  readonly running = new Set<ModelCall>();
  /** Indices of workers that an operator has paused. */
  readonly pausedWorkers = new Set<number>();
  /** Groups whose next assignment is being worked out, with what was lost meanwhile. */
  readonly assigning = new Map<number, Set<string>>();
  /** It drains for its end: nothing starts any more. Since when, in milliseconds. */
  stoppingSince: number | undefined;
  /** Groups that it leaves or has left: its last commit is made. */
  readonly leaving = new Set<number>();
  /** Groups that it has left. */
  readonly left = new Set<number>();
  /** Dead letters in order, by the worker's place in the scenario. */
  #budgets: BudgetModel[] = [];
  /** Partitions that stand until they are taken over once more. */
  readonly #standing = new Set<string>();
  #abandoned: { key: string; offset: number }[] = [];

  constructor(
    readonly name: string,
    readonly world: ModelWorld,
  ) {}

  get violations(): Violations {
    return this.world.violations;
  }

  find(group: number, topic: number, partition: number): HeldPartition | undefined {
    return this.held.get(keyOf(group, topic, partition));
  }

  ofGroup(group: number): HeldPartition[] {
    return [...this.held.values()].filter((partition) => partition.group === group);
  }

  // ---------------------------------------------------------------- handlers

  started(
    partition: HeldPartition | undefined,
    offset: number,
    attempt: number,
    signal: AbortSignal,
  ): ModelCall | undefined {
    const { violations } = this;
    this.noticePutBack((call) => call.partition === partition && call.held.record.offset === offset);
    const held = partition?.unsettled.get(offset);
    if (partition === undefined || held === undefined) {
      const promise = partition === undefined ? 'ownership' : 'no-loss';
      violations.add(promise, `${this.name} starts ${offset} of ${partition?.name ?? 'a partition it does not hold'}`);
      return undefined;
    }
    checkStart(this, partition, held, attempt);
    const call: ModelCall = {
      process: this.name,
      partition,
      held,
      attempt,
      startedAt: this.world.now(),
      signal,
      end: undefined,
      givenUp: false,
      leftOver: false,
      abortedFor: () => (signal.aborted ? (signal.reason as { cause?: AbortCause }).cause : undefined),
    };
    held.phase = 'running';
    if (partition.worker.delivery === 'at-most-once') held.released = true;
    held.attempts++;
    held.call = call;
    this.running.add(call);
    checkBounds(this, partition);
    this.world.groups.started(laneKey(call), call, (other) => this.#isRival(other));
    return call;
  }

  /** The handler has ended; the engine learns of it in this step. */
  ended(call: ModelCall, end: AttemptEnd): void {
    call.end = end;
    this.world.groups.ended(laneKey(call), call);
    if (call.givenUp) return;
    const { partition } = call;
    const cause = call.abortedFor();
    if (partition.dead) this.running.delete(call);
    else if (end === 'fenced' || (end !== 'ok' && isCutOff(cause) && !isOnceAtMost(partition))) {
      this.#putBack(call);
    }
  }

  /**
   * An attempt that was cut off counts for nothing, and where its timeout and the grace after it are over the engine no
   * longer waits for its handler: the record is queued again, and no event tells of it.
   * @param isSo what there is to be seen of it.
   */
  noticePutBack(isSo: (call: ModelCall) => boolean): void {
    for (const call of this.running) {
      if (!isCutOffForGood(call, this.world.now()) || !isSo(call)) continue;
      this.#putBack(call);
      call.givenUp = true;
    }
  }

  /** It was cut off, not failed: the attempt counts for nothing. */
  #putBack(call: ModelCall): void {
    call.held.phase = 'queued';
    call.held.attempts--;
    this.running.delete(call);
  }

  #isRival(other: ModelCall): boolean {
    return (
      this.world.believed(other.process, other.partition.group) && this.world.believed(this.name, other.partition.group)
    );
  }

  // ---------------------------------------------------------------- told by the engine

  heard(event: EngineEvent): void {
    if (event.type === 'position.held') {
      const key = keyOf(numberOf(event.groupId), numberOf(event.topic), event.partition);
      this.#standing.add(key);
      const partition = this.held.get(key);
      if (partition !== undefined) partition.standing = true;
    }
    if (isOfRecord(event)) this.#heardOfRecord(event);
  }

  #heardOfRecord(event: RecordEvent): void {
    const key = keyOf(numberOf(event.groupId), numberOf(event.topic), event.partition);
    const partition = this.held.get(key);
    const held = partition?.unsettled.get(event.offset);
    const what = `${this.name}: ${event.type} of ${key} ${event.offset}`;
    if (event.type === 'record.late') {
      const gone = partition === undefined || held?.phase !== 'running' || held.call?.end === undefined;
      this.violations.expect(gone, 'truth', () => `${what}, but its partition is held and it ran`);
      return this.#late(key, event.offset);
    }
    // what ends in the very moment in which the group has been left may be told of; it is committed no more
    if (partition === undefined && this.left.has(numberOf(event.groupId))) return;
    if (event.type === 'record.settled' && event.disposition === 'abandoned') {
      this.#abandoned.push({ key, offset: event.offset });
      return;
    }
    if (event.type === 'unfrozen') {
      if (event.by === 'timer') this.#timeIsUp(held, what);
      return;
    }
    if (event.type === 'forward.failed') return this.#copyFailed(partition, held, event, what);
    if (event.type === 'record.settled' && isCopied(event, held)) {
      return this.#copied(partition, held, event.disposition, what);
    }
    if (event.type === 'record.settled' && event.disposition === 'skipped') {
      if (partition !== undefined && held?.givenUp) return this.#settle(partition, held, 'skipped');
      const right = partition?.settled.has(event.offset) === true;
      this.violations.expect(right, 'no-loss', () => `${what} as skipped, and nobody asked for it`);
      return;
    }
    if (event.type === 'frozen') {
      const right = held?.phase === 'frozen' && held.frozenScope === event.scope;
      this.violations.expect(
        right,
        'truth',
        () => `${what}, scope ${event.scope}, but it is ${held?.phase ?? 'not held'}`,
      );
      return;
    }
    if (partition === undefined || held === undefined) {
      this.violations.add('ownership', `${what}, which is not held`);
      return;
    }
    if (event.type === 'record.settled') this.#done(partition, held, what);
    else this.#failed(partition, held, event.attempt, event.retryInMs, what);
  }

  /** A result that does not count, or an attempt of a partition that is gone and past its timeout and grace. */
  #late(key: string, offset: number): void {
    for (const call of this.running) {
      const { partition, held } = call;
      if (
        !partition.dead ||
        held.record.offset !== offset ||
        key !== keyOf(partition.group, partition.topic, partition.partition)
      )
        continue;
      if (this.#howItFailed(partition.worker, call, this.world.now()) !== 'timeout') continue;
      call.givenUp = true;
      this.running.delete(call);
      return;
    }
  }

  #done(partition: HeldPartition, held: HeldRecord, what: string): void {
    const { call } = held;
    this.#budgets[partition.workerIndex]?.success(this.world.now());
    const well = held.phase === 'running' && call !== undefined && hasSucceeded(call);
    this.violations.expect(well, 'no-loss', () => `${what} as done; its handler: ${call?.end ?? 'none has ended'}`);
    if (call !== undefined) this.running.delete(call);
    this.#settle(partition, held, 'done');
  }

  #failed(
    partition: HeldPartition,
    held: HeldRecord,
    attempt: number,
    retryInMs: number | undefined,
    what: string,
  ): void {
    const now = this.world.now();
    const { call } = held;
    partition.noticePassedBy(held);
    const end = held.gone ? 'skip' : held.broken ? 'broken' : call && this.#howItFailed(partition.worker, call, now);
    const unseen = held.broken || held.gone;
    if (end === undefined || (!unseen && held.phase !== 'running')) {
      this.violations.add('attempts', `${what}, but its attempt has not failed`);
      return;
    }
    if (unseen) {
      // started and failed in one: no handler saw it, but it is an attempt, and one like any other
      for (const other of partition.blockers(held))
        this.violations.add('order', `${what} before ${other.record.offset}`);
      held.attempts++;
    }
    const fate = fateOf(end, {
      worker: partition.worker,
      topic: partition.topic,
      attempt: held.attempts,
      delaysUsed: held.delaysUsed,
      takeFromBudget: () => this.#budgets[partition.workerIndex]?.take(now) ?? true,
    });
    const delay = fate.type === 'again' ? fate.delayMs : undefined;
    this.violations.expect(
      retryInMs === delay,
      'attempts',
      () => `${what} (${end}, attempt ${attempt}): again in ${retryInMs}, it should be ${delay}`,
    );
    if (call !== undefined) {
      if (call.end === undefined) call.givenUp = true;
      this.running.delete(call);
    }
    switch (fate.type) {
      case 'again':
        held.phase = 'waiting';
        held.letOthersBy = false;
        held.notBefore = now + fate.delayMs;
        if (!fate.counts) held.attempts--;
        return;
      case 'frozen':
        if (fate.delays) held.delaysUsed++;
        partition.freeze(held, fate.scope, fate.unfreezeAfterMs === undefined ? undefined : now + fate.unfreezeAfterMs);
        return;
      case 'copied':
        held.phase = 'copied';
        held.copyTo = fate.to;
        held.copyFailures = 0;
        return;
      case 'skipped':
      case 'done':
        this.#settle(partition, held, fate.type);
    }
  }

  /** What it froze for is to be tried again, now and not before. */
  #timeIsUp(held: HeldRecord | undefined, what: string): void {
    const right = held?.phase === 'frozen' && held.frozenUntil === this.world.now();
    this.violations.expect(right, 'attempts', () => `${what} by its timer, but it is ${held?.phase ?? 'not held'}`);
    if (held !== undefined) thaw(held);
  }

  #copyFailed(
    partition: HeldPartition | undefined,
    held: HeldRecord | undefined,
    { retryInMs, to }: Extract<RecordEvent, { type: 'forward.failed' }>,
    what: string,
  ): void {
    if (partition === undefined || held === undefined || held.phase !== 'copied') {
      this.violations.add('truth', `${what}, and no copy of it is on its way`);
      return;
    }
    // a mark in the store is tried for as long as it takes
    const last = ++held.copyFailures === COPY_TRIES && to !== 'the store';
    const right = last === (retryInMs === undefined);
    this.violations.expect(
      right,
      'attempts',
      () => `${what} for the ${held.copyFailures}th time, again in ${retryInMs}`,
    );
    if (retryInMs !== undefined) return;
    if (held.copyTo === 'dead-lettered') this.#budgets[partition.workerIndex]?.giveBack(this.world.now());
    partition.freeze(held, 'key', this.world.now() + UNSENT_MS);
  }

  /** Settled by its copy: which has to be there. */
  #copied(partition: HeldPartition | undefined, held: HeldRecord | undefined, to: CopyFate, what: string): void {
    if (partition === undefined || held === undefined || held.phase !== 'copied' || held.copyTo !== to) {
      this.violations.add('no-loss', `${what} as ${to}, but it is ${held?.phase ?? 'not held'}`);
      return;
    }
    // with transactions the copy is part of the one that commits the record, and is looked for at the end
    const later = to === 'skipped' || partition.worker.delivery === 'transactional';
    const there = later || this.world.isCopied(to, partition.group, originOf(held.record));
    this.violations.expect(there, 'no-loss', () => `${what} as ${to}, and there is no copy of it`);
    this.#settle(partition, held, to);
  }

  /** The engine sends a copy of a record. */
  copying(group: number, origin: string): HeldRecord | undefined {
    for (const partition of this.ofGroup(group)) {
      for (const held of partition.unsettled.values()) {
        // told of as failed in this very step: what is sent is sent before anybody hears of it, or right after
        if (originOf(held.record) !== origin || held.phase !== 'copied' || held.copiesUnderWay > 0) continue;
        held.copiesUnderWay++;
        return held;
      }
    }
    this.violations.add('ownership', `${this.name} sends a copy of ${origin} for g${group}, and none is due`);
    return undefined;
  }

  /** Its workers are made: their budgets begin. */
  begun(): void {
    this.#budgets = this.world.scenario.workers.map((worker) => new BudgetModel(worker, this.world.now()));
  }

  /**
   * `at-most-once`: the record is claimed, so that its handler may start when the commit is acknowledged. Seen by the
   * commit that passes it, or by `inspect()` before.
   */
  claimed(partition: HeldPartition, held: HeldRecord): void {
    const { violations } = this;
    const what = (): string => `${this.name} claims ${held.record.offset} of ${partition.name}`;
    const startable = held.phase === 'queued' || held.phase === 'waiting';
    violations.expect(startable && !held.parked, 'order', () => `${what()}, which is ${held.phase}`);
    for (const other of partition.blockers(held)) {
      violations.add('order', `${what()} before ${other.record.offset} of its lane has settled`);
    }
    held.phase = 'claiming';
    held.released = true;
    const taken =
      this.claims(partition.workerIndex) +
      [...this.running].filter((call) => call.partition.workerIndex === partition.workerIndex).length;
    const { limit } = partition.worker;
    // claims that were given up for a map that was refused are seen at the end of the step
    const inBounds = taken <= limit || this.world.mapsMayBeLost;
    violations.expect(inBounds, 'bounds', () => `${what()}: ${taken} at once, its limit is ${limit}`);
  }

  /** Records that are claimed; those of one worker, or all. */
  claims(workerIndex?: number): number {
    return [...this.held.values()]
      .filter((partition) => workerIndex === undefined || partition.workerIndex === workerIndex)
      .reduce((sum, { claiming }) => sum + claiming.length, 0);
  }

  /** @returns undefined where it has not. */
  #howItFailed(worker: WorkerSpec, call: ModelCall, now: number): AttemptEnd | undefined {
    if (call.end === 'later' || call.end === 'store') return call.end; // what it needs is away: no fault of its own
    if (hasSucceeded(call)) return undefined;
    if (call.end !== undefined) return call.abortedFor() === 'timeout' ? 'timeout' : call.end;
    const { timeoutMs } = worker;
    return timeoutMs !== undefined && now >= call.startedAt + timeoutMs + TIMEOUT_GRACE_MS ? 'timeout' : undefined;
  }

  #settle(partition: HeldPartition, held: HeldRecord, as: 'done' | CopyFate): void {
    partition.settle(held, this.world.now());
    const key = keyOf(partition.group, partition.topic, partition.partition);
    this.world.groups.settled(key, held.record.offset, as);
  }

  // ---------------------------------------------------------------- told by operators

  /** @returns the offset that a `skip` has to take. */
  skipByHand(partition: HeldPartition): number | undefined {
    const held = partition.first;
    if (held === undefined || held.phase === 'running' || held.phase === 'copied') return undefined;
    if (partition.blockers(held).length > 0) return undefined; // behind a released one
    this.#giveUp(partition, held);
    return held.record.offset;
  }

  unfreeze(partition: HeldPartition, skip: boolean): void {
    for (const held of partition.frozen) {
      thaw(held);
      held.delaysUsed = 0;
      if (skip) this.#giveUp(partition, held);
    }
  }

  #giveUp({ worker }: HeldPartition, held: HeldRecord): void {
    if (skipped(worker).type !== 'copied') {
      held.givenUp = true;
      return;
    }
    held.phase = 'copied';
    held.copyTo = 'skipped';
    held.byOperator = true;
    held.copyFailures = 0;
    held.parked = false; // it needs its bytes no more
  }

  /** The partition goes on elsewhere in its log: nothing known of it holds any more. */
  sought(group: number, topic: number, partition: number, offset: number): void {
    const key = keyOf(group, topic, partition);
    const old = this.held.get(key);
    if (old === undefined) {
      this.violations.add('ownership', `${this.name}: sought in ${key}, which is not held`);
      return;
    }
    this.world.groups.sought(key);
    // asked for anew: of a retry topic not everything need have been seen yet
    const log = this.world.log(topic, partition);
    for (const record of log.between(old.frontier(true), offset)) this.world.groups.passed(key, record.offset);
    this.#bury(old);
    const fresh = new HeldPartition(group, topic, partition, old.workerIndex, old.worker, log, offset, []);
    fresh.paused = old.paused;
    fresh.draining = old.draining;
    this.held.set(key, fresh);
  }

  // ---------------------------------------------------------------- told by the client

  offered(group: number, batch: RecordBatch): HeldPartition | undefined {
    const partition = this.find(group, numberOf(batch.topic), batch.partition);
    const first = batch.records[0];
    if (partition !== undefined && first !== undefined) {
      const missed = partition.log
        .between(partition.position, first.offset)
        .filter(({ offset }) => !partition.wasRestored(offset));
      this.violations.expect(
        missed.length === 0 || first.offset <= partition.position,
        'no-loss',
        () => `${this.name}: ${partition.name} is offered ${first.offset} and was never offered ${missed[0]?.offset}`,
      );
    }
    partition?.offer(batch.records.map(({ offset }) => offset));
    return partition;
  }

  revoking(partitions: readonly HeldPartition[]): void {
    for (const partition of partitions) partition.draining = 'revoking';
  }

  /** The engine is told of its new assignment: what is not in it is gone at once. */
  assigned(group: number, partitions: readonly TopicPartition[]): void {
    const owned = new Set(partitions.map(({ topic, partition }) => keyOf(group, numberOf(topic), partition)));
    for (const partition of this.ofGroup(group)) {
      if (!owned.has(keyOf(group, partition.topic, partition.partition))) this.lose(partition);
      else if (partition.draining === 'revoking') partition.draining = 'reopening';
    }
    this.assigning.set(group, new Set());
  }

  /** @param fresh what begins, already without what was lost meanwhile. */
  assignedEnded(group: number, fresh: readonly HeldPartition[], starts: readonly StartPosition[]): void {
    this.assigning.delete(group);
    for (const partition of this.ofGroup(group)) {
      if (partition.draining === 'reopening') partition.draining = 'no';
      const named = starts.find((p) => numberOf(p.topic) === partition.topic && p.partition === partition.partition);
      this.violations.expect(
        named?.offset === partition.fetchFrom,
        'kept',
        () =>
          `${this.name}: ${partition.name} is kept, goes on at ${named?.offset}, and needs what follows from ${partition.fetchFrom}`,
      );
    }
    for (const partition of fresh) this.#begin(partition);
  }

  #begin(partition: HeldPartition): void {
    const key = keyOf(partition.group, partition.topic, partition.partition);
    partition.standing = this.#standing.has(key);
    this.held.set(key, partition);
  }

  /** What stood has been taken over again: nothing known of it holds any more. */
  renewed(fresh: HeldPartition): void {
    const key = keyOf(fresh.group, fresh.topic, fresh.partition);
    const old = this.held.get(key);
    this.violations.expect(old?.standing === true, 'truth', () => `${this.name}: ${key} is renewed, and did not stand`);
    if (old === undefined) return;
    this.#bury(old);
    fresh.paused = old.paused;
    fresh.draining = old.draining;
    this.#standing.delete(key);
    this.#begin(fresh);
  }

  lose(partition: HeldPartition): void {
    this.held.delete(keyOf(partition.group, partition.topic, partition.partition));
    this.#bury(partition);
  }

  #bury(partition: HeldPartition): void {
    partition.dead = true;
    this.#standing.delete(keyOf(partition.group, partition.topic, partition.partition));
    for (const call of this.running)
      if (call.partition === partition && call.end !== undefined) this.running.delete(call);
  }

  /** Nothing of this partition may start. */
  stands(partition: HeldPartition): boolean {
    return (
      partition.paused ||
      this.pausedWorkers.has(partition.workerIndex) ||
      partition.draining !== 'no' ||
      partition.frozenWhole ||
      partition.standing
    );
  }

  /** The engine has told in this step that it gives this partition up; by a seek, say. */
  isGivenUp({ group, topic, partition }: HeldPartition): boolean {
    const key = keyOf(group, topic, partition);
    return this.#abandoned.some((abandoned) => abandoned.key === key);
  }

  /** Abandoned records that were told of since the last call. */
  takeAbandoned(): readonly { key: string; offset: number }[] {
    const abandoned = this.#abandoned;
    this.#abandoned = [];
    return abandoned;
  }
}

function laneKey({ partition, held }: ModelCall): string {
  return `${partition.name} lane ${held.lane}`;
}

/** Something had to be acknowledged before. */
function isCopied(
  event: Extract<EngineEvent, { type: 'record.settled' }>,
  held: HeldRecord | undefined,
): event is typeof event & { readonly disposition: CopyFate } {
  const { disposition } = event;
  if (disposition === 'skipped') return held?.copyTo === 'skipped';
  return disposition === 'dead-lettered' || disposition === 'retried-later';
}

/** It goes on with a new set of attempts. */
function thaw(held: HeldRecord): void {
  held.attempts = 0;
  held.phase = 'queued';
  held.notBefore = 0;
  held.frozenUntil = undefined;
}

function isOnceAtMost({ worker }: HeldPartition): boolean {
  return worker.delivery === 'at-most-once';
}
