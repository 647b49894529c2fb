import type { Clock } from './clock.js';
import { AttemptRunner } from './delivery/attempt-runner.js';
import { composeHandler } from './delivery/compose-handler.js';
import { DeadLetterBudget } from './delivery/dead-letter-budget.js';
import type { AbortCause, DeliveryHandler } from './delivery/delivery.js';
import { Disposer, type Next } from './delivery/disposer.js';
import { Forwarder, type ForwardSite } from './delivery/forwarder.js';
import { Freezer } from './delivery/freezer.js';
import { finalPolicy } from './delivery/verdict.js';
import { Settler, whereIs, whichIs } from './delivery/settler.js';
import type { Task } from './delivery/task.js';
import type { RecordBatch } from './driver/record.js';
import type { CommitError } from './errors/commit.error.js';
import { ensureError, KafkaWorkerError } from './errors/kafka-worker.error.js';
import type { EventHub } from './events/emitter.js';
import type { PartitionAssignment } from './group/partition-assignment.js';
import { TopicCounts } from './instrumentation/topic-counts.js';
import type { WorkerInstrumentation } from './instrumentation/worker-instrumentation.js';
import { Intake } from './intake/intake.js';
import { readmit, recall } from './intake/parking.js';
import type { Lane } from './lanes/lane.js';
import type { Slots } from './lanes/slots.js';
import { Turns } from './lanes/turns.js';
import type { WorkerDefinition } from './options/engine-options.js';
import type { RetryTopic } from './options/forward-topics.js';
import type { CompiledWorkerOptions } from './options/worker-options.js';

/** `at-most-once`: wait before a commit that failed is asked for again. Milliseconds. */
const CLAIM_RETRY_MS = 500;

/** Why a partition stands that an operator has frozen. */
export const STOPPED = 'frozen by an operator';

/** What a worker is made with. */
export interface WorkerInit {
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly options: CompiledWorkerOptions;
  readonly handle: DeliveryHandler;
  readonly unwrap?: WorkerDefinition['unwrap'];
  /** Of this worker, by name. */
  readonly retryTopics: ReadonlyMap<string, RetryTopic>;
  readonly forwards: ForwardSite;
  readonly instrumentation: WorkerInstrumentation | undefined;
}

/**
 * Runs one handler: takes records into lanes, starts what may start, and has done what becomes of each attempt.
 *
 * Everything happens synchronously in whichever callback brought the news (records, a handler's result, a timer), and
 * ends with `pump`, which starts as much as order and bounds allow. There is no loop and no polling.
 */
export class Worker {
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly options: CompiledWorkerOptions;
  readonly retryTopics: ReadonlyMap<string, RetryTopic>;
  readonly intake: Intake;
  readonly settler: Settler;
  readonly budget: DeadLetterBudget | undefined;
  /** Handlers at once. Begins as the option of that name. */
  limit: number;
  readonly #topicCounts = new Map<string, TopicCounts>();
  readonly #turns: Turns;
  readonly #attempts: AttemptRunner;
  readonly #freezer: Freezer;
  readonly #disposer: Disposer;
  /** Slots in use: above `limit` only while it has just been lowered. A serial worker's own is taken while its record waits, too. */
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
    this.retryTopics = init.retryTopics;
    const { buffer, partitionLimit, onFailure } = init.options;
    this.limit = init.options.limit;
    this.intake = new Intake(buffer, clock, init.instrumentation);
    this.#turns = new Turns(partitionLimit, buffer.records);
    const last = finalPolicy(onFailure);
    const bound = last.type === 'dead-letter' ? last.budget : undefined;
    this.budget = bound === undefined ? undefined : new DeadLetterBudget(bound, clock.now());
    this.settler = new Settler(events, this.intake, this.#turns, this.budget);
    this.#attempts = new AttemptRunner(composeHandler(init, clock, events), clock, {
      succeeded: (task, run) => this.#succeeded(task, run),
      failed: (task, run, thrown) => this.#failed(task, run, thrown),
    });
    const common = { clock, events, settler: this.settler };
    this.#freezer = new Freezer({
      ...common,
      skip: (task) => this.#skip(task),
      reconsider: (partition) => this.reconsider(partition),
    });
    const forwarder = new Forwarder({
      ...common,
      freezer: this.#freezer,
      site: init.forwards,
      instrumentation: init.instrumentation,
      ended: (task) => this.#forwarded(task),
    });
    const { options, budget } = this;
    this.#disposer = new Disposer({ ...common, options, forwarder, freezer: this.#freezer, budget });
  }

  get running(): number {
    return this.#slotsUsed;
  }

  /** What became of the records of a topic, whoever had it when. */
  countsOf(topic: string): TopicCounts {
    let counts = this.#topicCounts.get(topic);
    if (counts === undefined) this.#topicCounts.set(topic, (counts = new TopicCounts()));
    return counts;
  }

  /** By topic. */
  get counts(): ReadonlyMap<string, TopicCounts> {
    return this.#topicCounts;
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
    this.events.emit({ type, ...whereIs(partition), chars: partition.mapChars });
    if (partition.mapHeld) return;
    partition.lanes.releaseBelow(Infinity);
    this.reconsider(partition);
  }

  /** Says that a partition stands until somebody seeks, or the process starts anew. */
  tellHeld(partition: PartitionAssignment, reason: string): void {
    this.events.emit({ type: 'position.held', ...whereIs(partition), from: partition.committed, reason });
  }

  // ---------------------------------------------------------------- starting

  /** Starts as many handlers as order and bounds allow. */
  pump(): void {
    if (this.#pumping) return; // a handler settled synchronously inside the loop below
    this.#pumping = true;
    try {
      if (this.#due !== undefined) this.#startDue(this.#due);
      while (this.#slotsUsed < this.limit) {
        const partition = this.#turns.next();
        if (partition === undefined) return;
        const lane = partition.lanes.takeReady(partition.startBound);
        if (lane === undefined) {
          this.#turns.rest(partition);
          // every lane left begins above the bound: no commit may come to see that the done-set is smaller by now
          if (partition.mapHeld && partition.running === 0) partition.reviewMap();
          continue;
        }
        const now = this.clock.now();
        if (!this.slots.acquire(this, now)) {
          partition.lanes.makeReady(lane);
          this.#turns.offer(partition);
          return;
        }
        this.#slotsUsed++;
        this.#start(lane.head as Task, now);
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
    const now = this.clock.now();
    if (!assignment.canStart) {
      this.#dropHeldSlot(lane);
      assignment.lanes.makeReady(lane);
      this.#turns.offer(assignment);
    } else if (this.slots.acquire(this, now)) {
      this.#due = undefined;
      lane.holdsSlot = false;
      this.#start(task, now);
    }
  }

  /** The slot is taken already. */
  #start(task: Task, now: number): void {
    task.lane.state = 'running';
    task.assignment.running++;
    if (this.options.delivery === 'at-most-once' && !task.released) return this.#claim(task);
    this.#run(task, now);
  }

  #run(task: Task, now: number): void {
    task.begin(now);
    this.#attempts.run(task);
  }

  /**
   * `at-most-once`: the handler starts when the commit that passes its record has been acknowledged. Whether one that
   * failed was stored is not known, so the record cannot go back: the commit is asked for until it is acknowledged or
   * the partition goes, also while it is being given back: whoever gets it next will not see the record.
   */
  #claim(task: Task): void {
    task.state = 'claiming';
    const { assignment } = task;
    assignment.release(task);
    if (assignment.mapHeld) assignment.lanes.releaseBelow(assignment.startBound); // the bound has risen
    let relieved = false;
    const ask = (): void => {
      assignment.committer.confirm(assignment).then(
        () => task.state === 'claiming' && this.#run(task, this.clock.now()),
        (error: CommitError) => {
          if (task.state !== 'claiming') return;
          if (error.code === 'COMMIT_METADATA_TOO_LARGE') {
            if (task.offset > assignment.tracker.frontier) return this.#unclaim(task);
            // it is not in the map, and those that are will be out of it: once, or this would go on without an end
            if (!relieved) {
              relieved = true;
              return ask();
            }
          }
          task.timer = this.clock.setTimer(() => {
            task.timer = undefined;
            ask();
          }, CLAIM_RETRY_MS);
        },
      );
    };
    ask();
  }

  /** The commit that would pass it cannot be sent, and will not be before others have gone: they come first. */
  #unclaim(task: Task): void {
    const { assignment, lane } = task;
    assignment.reinstate(task);
    assignment.running--;
    task.state = 'queued';
    assignment.lanes.makeReady(lane);
    this.#turns.offer(assignment);
    this.#freeSlot(assignment);
  }

  // ---------------------------------------------------------------- results

  #succeeded(task: Task, run: number): void {
    if (task.state !== 'running' || task.run !== run) return; // its timeout has decided already
    // what is committed in the store is done, though its time was over by then; else it would not have been committed
    const late = task.aborted === 'timeout' && task.assignment.claim === undefined;
    if (late) return this.#failed(task, run, undefined);
    this.#attempts.clearTimer(task);
    this.#attempts.ended(task, nothing);
    const partition = task.assignment;
    partition.running--;
    if (partition.alive) {
      if (task.outbox !== undefined) partition.outbox?.push(...task.outbox);
      this.settler.settle(task, 'done', undefined);
    } else this.#late(task, 'done');
    this.#freeSlot(partition);
  }

  #failed(task: Task, run: number, thrown: unknown): void {
    if (task.state !== 'running' || task.run !== run) return;
    this.#attempts.clearTimer(task);
    const late = task.aborted === 'timeout' && !isPutOff(thrown);
    this.#attempts.ended(task, () => (late ? this.#attempts.timeoutError(task, thrown) : ensureError(thrown)));
    const partition = task.assignment;
    partition.running--;
    const cutOff = task.aborted !== undefined && task.aborted !== 'timeout';
    if (!partition.alive) this.#late(task, 'failed');
    // what may be handled once only is not handled again because it was cut off
    else if (cutOff && this.options.delivery !== 'at-most-once') this.#putBack(task);
    else if (partition.claim !== undefined && KafkaWorkerError.is(thrown) && thrown.code === 'STORE_FENCED') {
      this.#putBack(task);
      partition.owner.fenced(partition, ensureError(thrown));
    } else {
      const error = late ? this.#attempts.timeoutError(task, thrown) : ensureError(thrown);
      if (this.#next(task, this.#disposer.failed(task, error))) return; // the slot is kept
    }
    this.#freeSlot(partition);
  }

  /** @returns true where the lane keeps its slot: a serial worker waits along as a whole. */
  #next(task: Task, next: Next): boolean {
    if (next.type === 'over') return false;
    const { lane, assignment } = task;
    lane.holdsSlot = this.options.concurrency === 'serial';
    if (next.type === 'again') this.#wait(task, next.delayMs);
    if (!lane.holdsSlot) return false;
    this.#rest(assignment);
    this.slots.release(); // other workers of the process do not wait along
    return true;
  }

  /** The lane waits for its next attempt, and the slot works elsewhere. */
  #wait(task: Task, delayMs: number): void {
    const { lane, assignment } = task;
    lane.state = 'waiting';
    task.state = 'waiting';
    assignment.waiting++;
    task.timer = this.clock.setTimer(() => {
      task.timer = undefined;
      assignment.waiting--;
      task.state = 'queued';
      if (lane.holdsSlot) {
        this.#due = task;
        this.pump();
        return;
      }
      assignment.lanes.makeReady(lane);
      this.reconsider(assignment);
    }, delayMs);
  }

  /** What a lane waited for has been acknowledged, or never will be. */
  #forwarded(task: Task): void {
    this.#dropHeldSlot(task.lane);
    this.reconsider(task.assignment);
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
    this.events.emit({ type: 'record.late', ...whichIs(task), outcome });
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

  // ---------------------------------------------------------------- operating

  /** So many handlers at once from now on; what runs above it finishes. */
  setLimit(limit: number): void {
    this.limit = limit;
    this.events.emit({ type: 'limit.changed', groupId: this.groupId, worker: this.id, limit });
    this.pump();
  }

  /** Nothing starts in the partition until it is unfrozen. */
  freeze(partition: PartitionAssignment): void {
    if (partition.stoppedSince !== undefined) return;
    partition.stoppedSince = this.clock.now();
    const error = new KafkaWorkerError('FREEZE', STOPPED);
    this.events.emit({
      ...{ type: 'frozen', ...whereIs(partition), offset: partition.tracker.frontier, attempt: 0 },
      ...{ scope: 'partition', reason: 'operator', error, unfreezeInMs: undefined },
    });
  }

  /** Records of this partition that stand frozen. */
  frozenTasks(partition: PartitionAssignment): Task[] {
    return this.#freezer.frozenTasks(partition);
  }

  /** Goes on at what is frozen: with a new set of attempts, or past it. */
  unfreeze(partition: PartitionAssignment, skip: boolean): void {
    if (partition.stoppedSince !== undefined) {
      partition.stoppedSince = undefined;
      const at = { ...whereIs(partition), offset: partition.tracker.frontier };
      this.events.emit({ type: 'unfrozen', ...at, scope: 'partition', skipped: false, by: 'operator' });
    }
    this.#freezer.unfreeze(partition, skip);
  }

  /** Settles the record that holds the frontier as skipped, unless a handler is at it. @returns its offset. */
  skipFirst(partition: PartitionAssignment): number | undefined {
    const task = partition.tracker.first;
    if (task === undefined || task.lane.head !== task) return undefined;
    if (task.state === 'running' || task.state === 'forwarding') return undefined;
    if (task.state === 'waiting') {
      this.#attempts.clearTimer(task);
      partition.waiting--;
      this.#dropHeldSlot(task.lane);
    } else if (task.state === 'queued') {
      partition.lanes.withdraw(task.lane);
      this.#dropHeldSlot(task.lane);
    } else if (task.state === 'parked') readmit(task);
    this.#freezer.forget(task);
    this.#skip(task);
    recall(partition);
    this.reconsider(partition);
    return task.offset;
  }

  #skip(task: Task): void {
    this.#disposer.skip(task);
  }

  // ---------------------------------------------------------------- giving a partition up

  /** Tells every running handler of the partition that its result will not count. */
  abort(partition: PartitionAssignment, cause: AbortCause): void {
    if (partition.running === 0) return;
    for (const task of partition.tasks()) if (task.state === 'running') task.abort(cause);
  }

  /** The partition is gone: no timer and no record of it stays; what runs is told and its result dropped. */
  abandon(partition: PartitionAssignment, cause: AbortCause): void {
    partition.alive = false;
    partition.committer.forget(partition);
    this.intake.close(partition);
    for (const task of partition.tasks()) {
      if (task.state === 'running') {
        task.abort(cause);
        this.#orphans.add(task);
      } else {
        this.#attempts.clearTimer(task);
        this.#dropHeldSlot(task.lane);
        if (task.state === 'claiming') {
          partition.running--;
          this.#slotsUsed--;
          this.slots.release();
        }
        task.state = 'settled';
      }
      this.settler.abandon(task);
    }
    partition.waiting = 0;
    this.#turns.rest(partition);
    partition.becameIdle(); // nobody has to wait for results that will be dropped
    this.pump();
  }

  /** The process ends: no timer stays, not even that of a handler which never comes back. */
  close(): void {
    for (const task of this.#orphans) {
      this.#attempts.clearTimer(task);
      task.scope?.ended?.(task.signal.reason as Error);
      task.scope = undefined;
    }
    this.#orphans.clear();
  }
}

function nothing(): undefined {
  return undefined;
}

/** Its time was over because something it needs was away, not because of what it does: no attempt is used up. */
function isPutOff(thrown: unknown): boolean {
  return KafkaWorkerError.is(thrown) && (thrown.code === 'RETRY_LATER' || thrown.code === 'STORE_FAILED');
}
