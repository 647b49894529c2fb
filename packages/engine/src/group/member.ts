import type { Clock } from '../clock.js';
import type {
  Assignment,
  DriverConsumer,
  DriverConsumerListener,
  DriverConsumerState,
  StartPosition,
} from '../driver/driver.js';
import { partitionKey, type RecordBatch, type TopicPartition } from '../driver/record.js';
import type { AbortCause } from '../delivery/delivery.js';
import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { EventHub } from '../events/emitter.js';
import type { RebalanceSnapshot } from '../inspect.js';
import type { StartPolicy } from '../options/engine-options.js';
import { whereIs } from '../delivery/settler.js';
import { Committer } from '../offsets/committer.js';
import type { Worker } from '../worker.js';
import { runningIn } from './waiting.js';
import { Drainer } from './drainer.js';
import { type AssignmentOwner, PartitionAssignment } from './partition-assignment.js';
import { OwnershipWatch, type WatchedMember } from './ownership-watch.js';
import { Renewals } from './renewals.js';
import type { Prepared, Resources } from './resources.js';
import type { StartDecision } from './start-positions.js';
import { giveBack, takeOver, type Takeover } from './takeover.js';
import { TopicRouter } from './topic-router.js';

/** Share of the time for giving partitions back that handlers may use: the rest is for the commit. */
const DRAIN_SHARE = 0.9;

/** What a member is made with. */
export interface MemberInit {
  readonly groupId: string;
  readonly workers: readonly Worker[];
  readonly clock: Clock;
  readonly events: EventHub;
  readonly strategy: 'drain' | 'commit-completed';
  /** Bound of a drain for a rebalance. Milliseconds; undefined: nine tenths of what the driver allows. */
  readonly rebalanceMs: number | undefined;
  /** Pace of commits that keep the session during a drain; undefined: the client keeps it. */
  readonly keepAliveMs: number | undefined;
  readonly startFrom: StartPolicy;
  readonly maxRewind: number;
  readonly resources: Resources;
  /** Milliseconds; undefined: the broker is not asked who owns what. */
  readonly ownershipCheckMs: number | undefined;
}

/**
 * This process as a member of one group: owns the partition assignments, and turns what the client tells of joins
 * and losses into drains, hand-overs and new starts.
 *
 * Drain first, fence second: `revoking` stops new starts, waits for what runs, commits, and leaves every assignment
 * alive; only the next `assigned` says which are gone. What is kept goes on exactly where it stood.
 */
export class GroupMember implements DriverConsumerListener, AssignmentOwner {
  readonly groupId: string;
  readonly workers: readonly Worker[];
  readonly #router: TopicRouter;
  readonly #partitions = new Map<string, PartitionAssignment>();
  readonly #init: MemberInit;
  #consumer!: DriverConsumer;
  #committer!: Committer;
  #drainer!: Drainer;
  #epochs = 0;
  /** Nothing starts any more in any partition, now or after a join. */
  #shuttingDown = false;
  /** Partitions that `assigned` is looking up: taken out of here when they are lost before they were added. */
  #coming = new Set<string>();
  #revokedAt: number | undefined;
  /** The partition that is dropped goes on in another assignment, with the same resources. */
  #moving = false;
  /** Partitions that stand until they have been taken over again. */
  readonly #renewals: Renewals;
  #watch: OwnershipWatch | undefined;

  /** What is ours by belief only: see `OwnershipWatch`. */
  disowned: readonly TopicPartition[] = [];
  /** Joins and losses so far. */
  #joins = 0;

  state: DriverConsumerState = 'connecting';
  error: Error | undefined;
  generation = -1;
  memberId = '';
  protocol: string | undefined;
  lastRebalance: RebalanceSnapshot | undefined;

  constructor(init: MemberInit) {
    this.#init = init;
    this.groupId = init.groupId;
    this.workers = init.workers;
    this.#router = new TopicRouter(init.workers);
    this.#renewals = new Renewals(init.clock, (partition, error, nth) => this.#renew(partition, error, nth));
  }

  /** @throws what the driver throws: KafkaWorkerError CONNECTION, TOPIC_MISSING, … */
  async start(consumer: DriverConsumer): Promise<void> {
    this.#consumer = consumer;
    this.#committer = new Committer(this.groupId, consumer, this.#init.clock, this.#init.events);
    const { groupId } = this;
    const partitions = (): readonly PartitionAssignment[] => this.partitions;
    this.#drainer = new Drainer({ ...this.#init, groupId, committer: this.#committer, partitions });
    await consumer.start(this);
    const { ownershipCheckMs, clock } = this.#init;
    if (ownershipCheckMs === undefined || this.#shuttingDown) return;
    this.#watch = new OwnershipWatch(this.#watched(), clock, ownershipCheckMs);
  }

  #watched(): WatchedMember {
    const memberId = (): string => this.memberId;
    const joins = (): number => this.#joins;
    return {
      get memberId() {
        return memberId();
      },
      get joins() {
        return joins();
      },
      believed: () => (this.state === 'joined' ? this.partitions.filter(({ draining }) => !draining).map(plain) : []),
      describe: () => this.#consumer.describeGroup?.(),
      disowned: (partitions) => {
        this.disowned = partitions;
        this.#init.events.emit({ type: 'group.disowned', groupId: this.groupId, partitions });
      },
    };
  }

  /** When the client's loop has last gone round. Milliseconds since the epoch; undefined: the driver does not say. */
  get turnedAt(): number | undefined {
    return (this.#consumer as DriverConsumer | undefined)?.turnedAt;
  }

  get consumer(): DriverConsumer {
    return this.#consumer;
  }

  get committer(): Committer {
    return this.#committer;
  }

  get partitions(): readonly PartitionAssignment[] {
    return [...this.#partitions.values()];
  }

  get running(): number {
    return runningIn(this.partitions);
  }

  // ---------------------------------------------------------------- told by the driver

  records(batch: RecordBatch): number {
    const partition = this.#partitions.get(partitionKey(batch.topic, batch.partition));
    if (partition === undefined) return batch.records.length; // not ours any more: the next owner gets them
    return partition.worker.take(partition, batch);
  }

  async assigned(assignment: Assignment): Promise<readonly StartPosition[]> {
    const { clock } = this.#init;
    this.#joins++;
    this.#watch?.startAnew();
    const since = this.#revokedAt ?? clock.now();
    const owned = new Set(assignment.partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
    const revoked = this.partitions.filter((partition) => !owned.has(partition.key));
    const kept = this.partitions.filter((partition) => owned.has(partition.key));
    this.#dropAll(revoked, 'rebalance');
    this.generation = assignment.generation;
    this.memberId = assignment.memberId;
    this.protocol = assignment.protocol;

    const fresh = assignment.partitions.filter((p) => !this.#partitions.has(partitionKey(p.topic, p.partition)));
    const coming = (this.#coming = new Set(fresh.map(({ topic, partition }) => partitionKey(topic, partition))));
    const taken = await this.#takeOver(fresh);
    const came: StartDecision[] = [];
    for (const { start, prepared } of taken) {
      if (coming.has(partitionKey(start.topic, start.partition))) {
        came.push(start);
        this.#add(start, prepared);
      } else giveBack(this.#init.resources, prepared);
    }

    this.#revokedAt = undefined;
    this.#committer.release();
    for (const partition of kept) this.#reopen(partition);
    this.lastRebalance = {
      at: clock.now(),
      durationMs: clock.now() - since,
      assigned: came.length,
      revoked: revoked.length,
      kept: kept.length,
    };
    this.#init.events.emit({
      type: 'group.rebalanced',
      groupId: this.groupId,
      generation: this.generation,
      memberId: this.memberId,
      assigned: came.map(plain),
      revoked: revoked.map(plain),
      kept: kept.map(plain),
      durationMs: this.lastRebalance.durationMs,
    });
    return this.partitions.map(({ topic, partition, fetchFrom }) => ({ topic, partition, offset: fetchFrom }));
  }

  async revoking(partitions: readonly TopicPartition[], deadlineMs: number): Promise<void> {
    this.#revokedAt ??= this.#init.clock.now();
    this.#committer.hold();
    const leaving = this.#held(partitions);
    const completed = this.#init.strategy === 'commit-completed';
    for (const partition of leaving) {
      partition.draining = true;
      if (completed) partition.worker.abort(partition, 'rebalance');
    }
    await this.#drainer.drain(leaving, 'rebalance', {
      budgetMs: completed ? 0 : Math.min(deadlineMs, this.#init.rebalanceMs ?? deadlineMs * DRAIN_SHARE),
      waits: !completed,
    });
  }

  lost(partitions: readonly TopicPartition[], cause: Error): void {
    this.#joins++;
    this.#watch?.startAnew();
    for (const { topic, partition } of partitions) this.#coming.delete(partitionKey(topic, partition));
    const gone = this.#held(partitions);
    this.#dropAll(gone, 'lost');
    if (gone.length === 0) return;
    this.#init.events.emit({ type: 'group.lost', groupId: this.groupId, partitions: gone.map(plain), error: cause });
  }

  stateChanged(state: DriverConsumerState, cause?: Error): void {
    this.state = state;
    this.error = cause;
    const event = { type: 'group.state', groupId: this.groupId, state } as const;
    this.#init.events.emit(cause === undefined ? event : { ...event, error: cause });
  }

  // ---------------------------------------------------------------- shutdown

  /**
   * Two stages: running handlers finish in `graceMs`; then signals abort and they get `forceMs`; then what is settled
   * is committed and the group is left. Never rejects.
   */
  async shutdown(graceMs: number, forceMs: number): Promise<void> {
    this.#shuttingDown = true;
    this.#watch?.close();
    this.#consumer.stopping();
    const all = this.partitions;
    for (const partition of all) partition.draining = true;
    this.#consumer.pause(all.map(plain));
    await this.#drainer.drain(all, 'shutdown', { budgetMs: graceMs, waits: true, forceMs });
    this.#committer.close();
    this.#drainer.end();
    await this.#consumer.stop().catch(() => {});
    this.#coming.clear();
    this.#dropAll(this.partitions, 'shutdown');
    for (const worker of this.workers) worker.close();
    await this.#init.resources.closed();
    if (this.state !== 'stopped') this.stateChanged('stopped');
  }

  // ---------------------------------------------------------------- inside

  #held(partitions: readonly TopicPartition[]): PartitionAssignment[] {
    return partitions.flatMap(({ topic, partition }) => this.#partitions.get(partitionKey(topic, partition)) ?? []);
  }

  #add(start: StartDecision, prepared: Prepared): PartitionAssignment | undefined {
    const worker = this.#router.workerOf(start.topic);
    if (worker === undefined) return undefined; // a topic this process does not subscribe to: a mixed group, not our record
    const epoch = ++this.#epochs;
    const resources = prepared.ok ? prepared.resources : {};
    const held = prepared.ok ? start.held : `it could not be taken over: ${prepared.error.message}`;
    const added = new PartitionAssignment({ ...start, epoch, resources, held }, worker, this);
    added.draining = this.#shuttingDown;
    this.#partitions.set(added.key, added);
    added.heedMapSize();
    const where = whereIs(added);
    if (start.mapDropped !== undefined) {
      this.#init.events.emit({ type: 'map.dropped', ...where, reason: start.mapDropped });
    }
    if (start.reset !== undefined) {
      const { from, reason } = start.reset;
      this.#init.events.emit({ type: 'position.reset', ...where, from, to: start.offset, reason });
    }
    if (held !== undefined) {
      this.#init.events.emit({ type: 'position.held', ...where, from: start.committed, reason: held });
    }
    if (!prepared.ok && !this.#shuttingDown) this.#renewals.later(added, prepared.error, 1);
    return added;
  }

  // ---------------------------------------------------------------- what partitions are committed with

  #takeOver(partitions: readonly TopicPartition[]): Promise<Takeover[]> {
    const { resources, startFrom, maxRewind } = this.#init;
    return takeOver({ consumer: this.#consumer, router: this.#router, resources, startFrom, maxRewind }, partitions);
  }

  /**
   * Somebody else has taken over what the partition is committed with. Where the group still says that it is ours, it is
   * taken back after a while, and goes on where the other one has come to; else the group will say so.
   */
  fenced(partition: PartitionAssignment, error: Error): void {
    if (!partition.alive || partition.held !== undefined) return;
    partition.held = `somebody else has taken it over: ${error.message}`;
    partition.worker.abort(partition, 'lost');
    partition.worker.tellHeld(partition, partition.held);
    if (!this.#shuttingDown) this.#renewals.later(partition, error, 1);
  }

  /** Never rejects. */
  async #renew(old: PartitionAssignment, error: Error, nth: number): Promise<void> {
    // who does not reach the group would only take the partition away from its new owner
    const reached = this.#consumer.committed([plain(old)]);
    const [found] = await reached.then(() => this.#takeOver([plain(old)])).catch(() => []);
    if (found === undefined || !found.prepared.ok || !old.alive || old.draining) {
      if (found !== undefined) giveBack(this.#init.resources, found.prepared);
      const cause = found === undefined || found.prepared.ok ? error : found.prepared.error;
      if (!this.#shuttingDown) this.#renewals.later(old, cause, nth + 1);
      return;
    }
    const fresh = this.#replace(old, found.start, found.prepared, 'lost');
    this.#init.events.emit({ type: 'claim.renewed', ...whereIs(fresh), offset: found.start.offset, error });
  }

  /** A new assignment of the same partition, since nothing known of the old one holds. */
  #replace(old: PartitionAssignment, start: StartDecision, prepared: Prepared, cause: AbortCause): PartitionAssignment {
    const { paused, draining, stoppedSince, topic, partition } = old;
    this.#drop(old, cause);
    const fresh = this.#add(start, prepared) as PartitionAssignment;
    Object.assign(fresh, { paused, draining, stoppedSince });
    this.#consumer.seek({ topic, partition, offset: start.offset });
    this.#consumer.resume([plain(fresh)]);
    return fresh;
  }

  #reopen(partition: PartitionAssignment): void {
    partition.draining = this.#shuttingDown;
    partition.worker.reconsider(partition);
  }

  /** All of them stop first: what one leaves free must not start a record of the next. */
  #dropAll(partitions: readonly PartitionAssignment[], cause: AbortCause): void {
    for (const partition of partitions) partition.draining = true;
    for (const partition of partitions) this.#drop(partition, cause);
  }

  #drop(partition: PartitionAssignment, cause: AbortCause): void {
    this.#partitions.delete(partition.key);
    this.#renewals.cancel(partition);
    partition.worker.abandon(partition, cause);
    const { producer } = partition;
    if (producer !== undefined && !this.#moving) this.#init.resources.release({ producer });
  }

  /**
   * Goes on at another offset: a new assignment of the same partition, since nothing known of the old one holds.
   * What runs is told, and its result is dropped.
   * @throws KafkaWorkerError UNKNOWN_TARGET
   */
  async seek(topic: string, partition: number, offset: number): Promise<void> {
    const old = this.#partitions.get(partitionKey(topic, partition));
    if (old === undefined)
      throw new KafkaWorkerError('UNKNOWN_TARGET', `${topic}/${partition} is not held by this process`);
    checkSeek(old);
    const [range] = await this.#consumer.logRanges([plain(old)]);
    if (range === undefined || !Number.isInteger(offset) || offset < range.low || offset > range.high) {
      const message = `offset ${offset} is outside of ${topic}/${partition}: ${range?.low ?? '?'} to ${range?.high ?? '?'} is allowed`;
      throw new KafkaWorkerError('UNKNOWN_TARGET', message);
    }
    if (!old.alive) throw new KafkaWorkerError('UNKNOWN_TARGET', `${topic}/${partition} was handed over meanwhile`);
    const { committed, producer } = old;
    const prepared: Prepared = { ok: true, resources: producer === undefined ? {} : { producer } };
    const start = { topic, partition, offset, restored: [], committed, found: old.lastStored, range };
    this.#moving = true; // the producer goes along
    const fresh = this.#replace(old, start, prepared, 'rebalance');
    this.#moving = false;
    if (producer !== undefined) fresh.dirty = true; // where there is nothing new, no transaction is made
    this.#init.events.emit({ type: 'sought', groupId: this.groupId, worker: old.worker.id, topic, partition, offset });
    try {
      await this.#committer.flush([fresh]);
    } catch (thrown) {
      throw ensureError(thrown);
    }
  }
}

function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}

/** @throws KafkaWorkerError NOT_TRANSACTIONAL, STORE_FAILED */
function checkSeek({ key, worker, claim, producer }: PartitionAssignment): void {
  const { delivery } = worker.options;
  if (typeof delivery !== 'object') return;
  if (claim !== undefined || delivery.type === 'exactly-once') {
    const message = `${key} goes by the offsets of its store, which remembers every record that was handled; change them there`;
    throw new KafkaWorkerError('NOT_TRANSACTIONAL', message);
  }
  if (producer === undefined) {
    throw new KafkaWorkerError('STORE_FAILED', `${key} has not been taken over yet`, { canRetry: true });
  }
}
