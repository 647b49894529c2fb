import type { Clock } from './clock.js';
import type { Task } from './delivery/task.js';
import type { AbortCause, DeliveryHandler } from './delivery/delivery.js';
import type { FreezeScope } from './delivery/failure-policy.js';
import { TimedDelivery } from './delivery/timed-delivery.js';
import { judge } from './delivery/verdict.js';
import type { RecordBatch } from './driver/record.js';
import { ensureError, KafkaWorkerError } from './errors/kafka-worker.error.js';
import type { EventHub } from './events/emitter.js';
import type { PartitionAssignment } from './group/partition-assignment.js';
import { Intake } from './intake/intake.js';
import type { Lane } from './lanes/lane.js';
import type { Slots } from './lanes/slots.js';
import { Turns } from './lanes/turns.js';
import type { WorkerDefinition } from './options/engine-options.js';
import type { CompiledWorkerOptions } from './options/worker-options.js';

/** A handler that has not settled this long after its timeout counts as failed anyhow. Milliseconds. */
const TIMEOUT_GRACE_MS = 5000;

/** What a worker is made with. */
export interface WorkerInit {
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly options: CompiledWorkerOptions;
  readonly handle: DeliveryHandler;
  readonly unwrap?: WorkerDefinition['unwrap'];
}

/**
 * Runs one handler: takes records into lanes, starts what may start, and decides what becomes of each attempt.
 *
 * Everything happens synchronously in whichever callback brought the news (records, a handler's result, a timer), and
 * ends with `pump`, which starts as much as order and bounds allow. There is no loop and no polling.
 */
export class Worker {
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly options: CompiledWorkerOptions;
  readonly intake: Intake;
  readonly #turns: Turns;
  readonly #handle: DeliveryHandler;
  readonly #unwrap: WorkerInit['unwrap'];
  /** Slots in use: never above `options.limit`. A serial worker's own is taken while its record waits, too. */
  #slotsUsed = 0;
  #pumping = false;
  /**
   * A serial worker's record whose wait for its next attempt is over, while the process has no slot free: it goes before
   * everything else of the worker, whose slot it still holds.
   */
  #due: Task | undefined;
  /** Running tasks of partitions that are gone: nobody else knows of their timers any more. */
  readonly #orphans = new Set<Task>();
  /** By an operator. */
  paused = false;

  constructor(
    init: WorkerInit,
    readonly clock: Clock,
    readonly slots: Slots,
    readonly events: EventHub,
  ) {
    this.id = init.id;
    this.groupId = init.groupId;
    this.topics = init.topics;
    this.options = init.options;
    this.#handle = init.handle;
    this.#unwrap = init.unwrap;
    this.intake = new Intake(init.options.buffer, clock);
    this.#turns = new Turns(init.options.partitionLimit, init.options.buffer.records);
  }

  get running(): number {
    return this.#slotsUsed;
  }

  // ---------------------------------------------------------------- records in

  /** @returns how many records from the front were taken. */
  take(partition: PartitionAssignment, batch: RecordBatch): number {
    const { taken, passed } = this.intake.take(partition, batch, () => this.reconsider(partition));
    if (passed > 0) partition.committer.note(partition);
    return taken;
  }

  /** Looks again at a partition whose flags have changed. */
  reconsider(partition: PartitionAssignment): void {
    this.#turns.offer(partition);
    this.pump();
  }

  /** The done-set of a partition became too large, or small enough again. */
  mapHeldChanged(partition: PartitionAssignment): void {
    const type = partition.mapHeld ? 'map.held' : 'map.released';
    this.events.emit({ type, ...this.#where(partition), chars: partition.mapChars });
    if (partition.mapHeld) return;
    partition.lanes.releaseBelow(Infinity);
    this.reconsider(partition);
  }

  // ---------------------------------------------------------------- starting

  /** Starts as many handlers as order and bounds allow. */
  pump(): void {
    if (this.#pumping) return; // a handler settled synchronously inside the loop below
    this.#pumping = true;
    try {
      if (this.#due !== undefined) this.#startDue(this.#due);
      while (this.#slotsUsed < this.options.limit) {
        const partition = this.#turns.next();
        if (partition === undefined) return;
        const lane = partition.lanes.takeReady(partition.startBound);
        if (lane === undefined) {
          this.#turns.rest(partition);
          // every lane left begins above the bound: no commit may come to see that the done-set is smaller by now
          if (partition.mapHeld && partition.running === 0) partition.reviewMap();
          continue;
        }
        if (!this.slots.acquire(this)) {
          partition.lanes.makeReady(lane);
          this.#turns.offer(partition);
          return;
        }
        this.#slotsUsed++;
        this.#start(lane.head as Task);
        // only now: a partition whose turn is over gives its place up when nothing of it runs
        if (partition.lanes.hasReady) this.#turns.offer(partition);
      }
    } finally {
      this.#pumping = false;
    }
  }

  /** A pause or a drain that began meanwhile ends the hold on the worker's slot: others may go on. */
  #startDue(task: Task): void {
    const { lane, assignment } = task;
    if (!assignment.canStart) {
      this.#dropHeldSlot(lane);
      assignment.lanes.makeReady(lane);
      this.#turns.offer(assignment);
    } else if (this.slots.acquire(this)) {
      this.#due = undefined;
      lane.holdsSlot = false;
      this.#start(task);
    }
  }

  /** The slot is taken already. */
  #start(task: Task): void {
    task.lane.state = 'running';
    task.assignment.running++;
    task.begin(this.clock.now());
    const run = task.run;
    const { timeoutMs } = this.options;
    if (timeoutMs !== undefined) this.#watch(task, timeoutMs);
    let result: unknown;
    try {
      if (task.broken !== undefined) throw task.broken;
      result = this.#handle(timeoutMs === undefined ? task : new TimedDelivery(task));
    } catch (thrown) {
      this.#failed(task, run, thrown);
      return;
    }
    if (isThenable(result)) this.#await(task, run, result, this.#unwrap);
    else this.#returned(task, run, result, this.#unwrap);
  }

  /** One promise a record is all that is made here: `unwrap` runs in it, and makes another only where it must. */
  #await(task: Task, run: number, result: PromiseLike<unknown>, unwrap: WorkerInit['unwrap']): void {
    result.then(
      (value) => this.#returned(task, run, value, unwrap),
      (thrown: unknown) => this.#failed(task, run, thrown),
    );
  }

  #returned(task: Task, run: number, value: unknown, unwrap: WorkerInit['unwrap']): void {
    if (unwrap !== undefined) {
      try {
        const inner = unwrap(value);
        if (inner !== undefined) return this.#await(task, run, inner, undefined);
      } catch (thrown) {
        return this.#failed(task, run, thrown);
      }
    }
    this.#succeeded(task, run);
  }

  /** One attempt's time: first the signal aborts, then, if the handler does not react, it counts as failed. */
  #watch(task: Task, timeoutMs: number): void {
    const run = task.run;
    task.timer = this.clock.setTimer(() => {
      task.abort('timeout');
      task.timer = this.clock.setTimer(() => this.#failed(task, run, undefined), TIMEOUT_GRACE_MS);
    }, timeoutMs);
  }

  // ---------------------------------------------------------------- results

  #succeeded(task: Task, run: number): void {
    if (task.state !== 'running' || task.run !== run) return; // its timeout has decided already
    if (task.aborted === 'timeout') return this.#failed(task, run, undefined);
    this.#clearTimer(task);
    const partition = task.assignment;
    partition.running--;
    if (partition.alive) this.#settle(task, 'done', undefined);
    else this.#late(task, 'done');
    this.#freeSlot(partition);
  }

  #failed(task: Task, run: number, thrown: unknown): void {
    if (task.state !== 'running' || task.run !== run) return;
    this.#clearTimer(task);
    const partition = task.assignment;
    partition.running--;
    if (!partition.alive) this.#late(task, 'failed');
    else if (task.aborted === 'rebalance' || task.aborted === 'shutdown') this.#putBack(task);
    else if (this.#decide(task, this.#errorOf(task, thrown))) return; // the slot is kept
    this.#freeSlot(partition);
  }

  #errorOf(task: Task, thrown: unknown): Error {
    if (task.aborted !== 'timeout') return ensureError(thrown);
    const ms = this.options.timeoutMs;
    return new KafkaWorkerError('HANDLER_TIMEOUT', `attempt ${task.attempt} ran longer than ${ms} ms`, {
      cause: thrown,
      canRetry: true,
    });
  }

  /** @returns true where the lane keeps its slot. */
  #decide(task: Task, error: Error): boolean {
    task.error = error;
    const verdict = judge(error, task.attempt, task.record, this.options);
    const retryInMs = verdict.type === 'retry' ? verdict.delayMs : undefined;
    this.events.emit({ type: 'record.failed', ...this.#of(task), error, retryInMs });
    switch (verdict.type) {
      case 'retry':
        if (!verdict.counts) task.attempt--;
        return this.#wait(task, verdict.delayMs);
      case 'skip':
        this.#settle(task, 'skipped', error);
        return false;
      case 'freeze':
        this.#freeze(task, verdict.scope, error);
        return false;
    }
  }

  /** The lane waits for its next attempt, and the slot works elsewhere; a serial worker waits along as a whole. */
  #wait(task: Task, delayMs: number): boolean {
    const partition = task.assignment;
    const lane = task.lane;
    lane.state = 'waiting';
    lane.holdsSlot = this.options.concurrency === 'serial';
    task.state = 'waiting';
    partition.waiting++;
    task.timer = this.clock.setTimer(() => {
      task.timer = undefined;
      partition.waiting--;
      task.state = 'queued';
      if (lane.holdsSlot) {
        this.#due = task;
        this.pump();
        return;
      }
      partition.lanes.makeReady(lane);
      this.reconsider(partition);
    }, delayMs);
    if (lane.holdsSlot) {
      this.#rest(partition);
      this.slots.release(); // other workers of the process do not wait along
      return true;
    }
    return false;
  }

  /** An attempt that was cut off counts for nothing: the record starts anew if the partition stays. */
  #putBack(task: Task): void {
    task.attempt--;
    task.state = 'queued';
    task.assignment.lanes.makeReady(task.lane);
    this.#turns.offer(task.assignment);
  }

  #late(task: Task, outcome: 'done' | 'failed'): void {
    task.state = 'settled';
    this.#orphans.delete(task);
    this.events.emit({ type: 'record.late', ...this.#of(task), outcome });
  }

  #settle(task: Task, disposition: 'done' | 'skipped', error: Error | undefined): void {
    const partition = task.assignment;
    const lane = task.lane;
    task.state = 'settled';
    partition.tracker.settle(task);
    partition.bufferedBytes -= task.bytes;
    lane.shift();
    if (lane.head === undefined) partition.lanes.remove(lane);
    else partition.lanes.makeReady(lane);
    if (disposition !== 'done' || this.events.wantsDone) {
      const base = { type: 'record.settled', ...this.#of(task), disposition } as const;
      this.events.emit(error === undefined ? base : { ...base, error });
    }
    partition.committer.note(partition);
    this.intake.settled(partition);
    if (partition.mapHeld) {
      partition.lanes.releaseBelow(partition.startBound); // the bound may have risen
      if (partition.running === 0 && !partition.lanes.hasReady) partition.reviewMap();
    }
    if (partition.lanes.hasReady) this.#turns.offer(partition);
  }

  #freeSlot(partition: PartitionAssignment): void {
    this.#slotsUsed--;
    this.#rest(partition);
    this.slots.release();
    this.pump();
  }

  #rest(partition: PartitionAssignment): void {
    if (partition.running > 0) return;
    this.#turns.rest(partition);
    partition.becameIdle();
  }

  #dropHeldSlot(lane: Lane): void {
    if (!lane.holdsSlot) return;
    lane.holdsSlot = false;
    this.#slotsUsed--;
    if (this.#due?.lane === lane) this.#due = undefined;
  }

  #clearTimer(task: Task): void {
    if (task.timer === undefined) return;
    this.clock.clearTimer(task.timer);
    task.timer = undefined;
  }

  // ---------------------------------------------------------------- freezing

  #freeze(task: Task, scope: FreezeScope, error: Error): void {
    task.state = 'frozen';
    task.frozenSince = this.clock.now();
    task.frozenScope = scope;
    task.lane.state = 'frozen';
    // with another record of the partition frozen already, the first one stays its reason
    if (scope === 'partition') task.assignment.frozenAt ??= task;
    this.events.emit({ type: 'frozen', ...this.#of(task), scope, error, reason: 'attempts', unfreezeInMs: undefined });
  }

  /** Records of this partition that stand frozen, ascending in offset. */
  frozenTasks(partition: PartitionAssignment): Task[] {
    return [...partition.tracker].filter((task) => task.state === 'frozen');
  }

  /** Goes on at what is frozen: with a new set of attempts, or past it. */
  unfreeze(partition: PartitionAssignment, skip: boolean): void {
    for (const task of this.frozenTasks(partition)) {
      task.attempt = 0;
      if (skip) this.#settle(task, 'skipped', task.error);
      else {
        task.state = 'queued';
        partition.lanes.makeReady(task.lane);
      }
      this.events.emit({ type: 'unfrozen', ...this.#of(task), scope: task.frozenScope, skipped: skip, by: 'operator' });
    }
    partition.frozenAt = undefined;
    this.reconsider(partition);
  }

  /** Settles the record that holds the frontier as skipped, unless a handler is at it. @returns its offset. */
  skipFirst(partition: PartitionAssignment): number | undefined {
    const task = partition.tracker.first;
    if (task === undefined || task.state === 'running' || task.lane.head !== task) return undefined;
    if (task.state === 'waiting') {
      this.#clearTimer(task);
      partition.waiting--;
      this.#dropHeldSlot(task.lane);
    } else if (task.state === 'queued') {
      partition.lanes.withdraw(task.lane);
      this.#dropHeldSlot(task.lane);
    }
    this.#settle(task, 'skipped', task.error);
    if (partition.frozenAt === task) {
      // another record may have frozen the partition too
      partition.frozenAt = this.frozenTasks(partition).find((other) => other.frozenScope === 'partition');
    }
    this.reconsider(partition);
    return task.offset;
  }

  // ---------------------------------------------------------------- giving a partition up

  /** Tells every running handler of the partition that its result will not count. */
  abort(partition: PartitionAssignment, cause: AbortCause): void {
    if (partition.running === 0) return;
    for (const task of partition.tracker) if (task.state === 'running') task.abort(cause);
  }

  /** The partition is gone: no timer and no record of it stays; what runs is told and its result dropped. */
  abandon(partition: PartitionAssignment, cause: AbortCause): void {
    partition.alive = false;
    partition.committer.forget(partition);
    for (const task of partition.tracker) {
      if (task.state === 'running') {
        task.abort(cause);
        this.#orphans.add(task);
      } else {
        this.#clearTimer(task);
        this.#dropHeldSlot(task.lane);
        task.state = 'settled';
      }
      this.events.emit({ type: 'record.settled', ...this.#of(task), disposition: 'abandoned' });
    }
    partition.waiting = 0;
    this.#turns.rest(partition);
    partition.becameIdle(); // nobody has to wait for results that will be dropped
    this.pump();
  }

  /** The process ends: no timer stays, not even that of a handler which never comes back. */
  close(): void {
    for (const task of this.#orphans) this.#clearTimer(task);
    this.#orphans.clear();
  }

  #where(partition: PartitionAssignment): Whereabouts {
    return { groupId: this.groupId, worker: this.id, topic: partition.topic, partition: partition.partition };
  }

  #of(task: Task): Whereabouts & { offset: number; attempt: number } {
    return { ...this.#where(task.assignment), offset: task.offset, attempt: task.attempt };
  }
}

/** What every event about a partition names. */
interface Whereabouts {
  readonly groupId: string;
  readonly worker: string;
  readonly topic: string;
  readonly partition: number;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
