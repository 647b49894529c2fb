import type { TimerHandle } from '../clock.js';
import type {
  DriverConsumer,
  DriverTransactionalProducer,
  LogRange,
  OffsetCommit,
  OutgoingRecord,
} from '../driver/driver.js';
import { partitionKey } from '../driver/record.js';
import type { Task } from '../delivery/task.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { Committer } from '../offsets/committer.js';
import { encodeDoneMap, METADATA_LIMIT_CHARS } from '../offsets/done-map.js';
import { OffsetTracker } from '../offsets/offset-tracker.js';
import type { OffsetRange } from '../offsets/ranges.js';
import type { TopicCounts } from '../instrumentation/topic-counts.js';
import { PartitionLanes } from '../lanes/partition-lanes.js';
import type { PartitionClaim } from '../stores/transactional-store.js';
import type { Worker } from '../worker.js';

/** Above this share of the limit only records below the highest settled one are started: they make the map smaller. */
const MAP_PRESSURE = 0.75;
/** After a map that was too large, records are claimed one at a time for so many offsets at most: a power of two. */
const MAX_TIGHT_POWER = 10;

/** What is sent and not committed, at most, as a multiple of what the buffer takes: above it nothing more is started. */
const OUTBOX_FACTOR = 10;

/** What a partition is worked on with beside its offset; empty with `'at-least-once'` and `'at-most-once'`. */
export interface PartitionResources {
  /** `exactlyOnce`. */
  readonly claim?: PartitionClaim;
  /** `transactional`. */
  readonly producer?: DriverTransactionalProducer;
}

/** An offset with its metadata as a group has it stored; undefined: none. */
export interface StoredOffset {
  readonly offset: number | undefined;
  readonly metadata: string;
}

/** Where a partition starts and what is known of it then. */
export interface AssignmentStart {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly offset: number;
  readonly restored: readonly OffsetRange[];
  readonly committed: number | undefined;
  /** As the group has it stored. */
  readonly found: StoredOffset;
  readonly range: LogRange;
  readonly resources?: PartitionResources;
  /** Why it cannot go on from there. */
  readonly held?: string | undefined;
}

/** Whom an assignment tells of what it cannot settle by itself. */
export interface AssignmentOwner {
  readonly consumer: DriverConsumer;
  readonly committer: Committer;
  /** Somebody else has taken over what it commits with. */
  fenced(partition: PartitionAssignment, error: Error): void;
}

/**
 * One partition while this process owns it: everything that is known of it ends with the object, so that nothing of
 * an old assignment can touch a new one.
 */
export class PartitionAssignment {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly epoch: number;
  /** When it began. Milliseconds since the epoch. */
  readonly since: number;
  readonly tracker: OffsetTracker<Task>;
  readonly lanes: PartitionLanes;

  /** What became of the topic's records, shared with its other assignments. */
  readonly counts: TopicCounts;

  /** False from the hand-over on: no handler starts, no commit is sent, results are dropped. Never true again. */
  alive = true;
  /** Nothing starts while the partition is being given back, or the process ends. */
  draining = false;
  /** By an operator. */
  paused = false;
  /** By an operator, and since when: nothing starts until it is unfrozen. Milliseconds since the epoch. */
  stoppedSince: number | undefined;
  /** It has no position to go on from, or nothing to commit with: nothing is taken and nothing starts. */
  held: string | undefined;
  /** The record at which the whole partition stands still. */
  frozenAt: Task | undefined = undefined;
  /** The done-set is too large: nothing at or above `startBound` is started. */
  mapHeld = false;

  /** Handlers that run, and commits awaited for one to start; changes together with `worker.running`. */
  running = 0;
  /** Tasks whose lane waits for the next attempt. */
  waiting = 0;
  /** Copies under way to a dead-letter or retry topic, or to the store. */
  forwarding = 0;
  /** Bytes of unsettled records that are in memory. */
  bufferedBytes = 0;
  /** Records were refused: the driver holds them until it is told to go on. */
  refusing = false;
  highWatermark: number;
  /** Records whose handler has not settled though a commit may pass them: in the lanes, and not in the tracker. */
  readonly released = new Set<Task>();
  /** Records whose bytes were given up, by offset; all of them in the tracker. */
  readonly parked = new Map<number, Task>();
  /** The client hands over next what stands here or above. */
  cursor: number;
  /** How often the client was sent back: what is left of a batch that it handed over before comes again. */
  recalls = 0;
  /** Frozen records: what is in memory and will not move by itself. */
  readonly standing = new Set<Task>();

  /** Retry topics: how long after it was written a record may be handled. Milliseconds. */
  readonly delayMs: number | undefined;
  /** Retry topics: the next record may not be taken before. Milliseconds since the epoch. */
  notBefore = 0;
  dueTimer: TimerHandle = undefined;

  // -- turns: owned by lanes/turns.ts
  queued = false;
  hasPlace = false;
  turnStarts = 0;

  // -- commits: owned by offsets/committer.ts
  dirty = false;
  settledSinceCommit = 0;
  /** Acknowledged by the broker. */
  committed: number | undefined;
  /** The last commit that is known to count, or what was found: may be sent again at any time without changing anything. */
  known: OffsetCommit;
  /** A transaction is under way. */
  transacting = false;
  /** What the group has stored as far as we know: by what follows it is seen whether somebody else has been here. */
  lastStored: StoredOffset;
  /** A transaction whose outcome is to be found out before the next one. */
  inDoubt: { readonly offset: OffsetCommit; readonly records: number } | undefined = undefined;
  /** `transactional`: what settled records have sent and no transaction has committed. */
  readonly outbox: OutgoingRecord[] | undefined;
  readonly claim: PartitionClaim | undefined;
  readonly producer: DriverTransactionalProducer | undefined;
  /** Characters of the map in the last snapshot. */
  mapChars = 0;
  #mapLimitChars = METADATA_LIMIT_CHARS;
  /** The longest map that the broker has taken. */
  #takenChars = 0;
  /** `at-most-once`: the map was too large; until the frontier has come here nothing but the first record is claimed. */
  #tightUntil = 0;
  /** How often that was so. */
  #tightened = 0;
  /** With `commit: 'manual'`: what the last `commit()` asked for. Before it: what was found. */
  #manual: OffsetCommit;
  #idle: (() => void)[] = [];

  constructor(
    start: AssignmentStart,
    readonly worker: Worker,
    readonly owner: AssignmentOwner,
  ) {
    this.since = worker.clock.now();
    this.topic = start.topic;
    this.partition = start.partition;
    this.key = partitionKey(start.topic, start.partition);
    this.epoch = start.epoch;
    this.committed = start.committed;
    this.lastStored = start.found;
    this.held = start.held;
    this.highWatermark = start.range.high;
    this.counts = worker.countsOf(start.topic);
    this.delayMs = worker.retryTopics.get(start.topic)?.delayMs;
    this.claim = start.resources?.claim;
    this.producer = start.resources?.producer;
    this.outbox = this.producer === undefined ? undefined : [];
    this.cursor = start.offset;
    this.tracker = new OffsetTracker<Task>(start.offset, start.restored);
    this.lanes = new PartitionLanes(worker.options);
    this.#manual = this.known = this.#measure();
  }

  get consumer(): DriverConsumer {
    return this.owner.consumer;
  }

  get committer(): Committer {
    return this.owner.committer;
  }

  /** True while handlers of this partition may start. */
  get canStart(): boolean {
    return (
      this.alive &&
      !this.draining &&
      !this.paused &&
      this.stoppedSince === undefined &&
      this.held === undefined &&
      this.frozenAt === undefined &&
      !this.outboxIsFull &&
      !this.worker.paused
    );
  }

  /** Transactions have failed for so long that what handlers have sent would fill the memory. */
  get outboxIsFull(): boolean {
    return this.outbox !== undefined && this.outbox.length >= this.worker.options.buffer.records * OUTBOX_FACTOR;
  }

  /** Only records below this offset may start. */
  get startBound(): number {
    if (!this.mapHeld) return Infinity;
    if (this.isTight) return this.tracker.frontier + 1;
    return this.#isPressed ? this.tracker.highestSettled : Infinity; // the rest of the hold ends at the next look
  }

  /** `at-most-once`: one record is claimed at a time. */
  get isTight(): boolean {
    return this.tracker.frontier < this.#tightUntil;
  }

  /** False where there is nothing to commit with, nowhere to commit from, or where the options say so. */
  get commits(): boolean {
    return this.held === undefined && this.worker.options.commit.mode !== 'none';
  }

  /** Records in memory. */
  get buffered(): number {
    return this.tracker.unsettled + this.released.size - this.parked.size;
  }

  /** Bytes of frozen records. O(frozen) */
  get standingBytes(): number {
    let bytes = 0;
    for (const task of this.standing) bytes += task.bytes;
    return bytes;
  }

  /** What is under way and has to end before the partition goes. */
  get inFlight(): number {
    return this.running + this.forwarding;
  }

  /** Everything that no handler has settled, ascending in offset but for the released ones, which come first. */
  *tasks(): Generator<Task> {
    yield* this.released;
    yield* this.tracker;
  }

  /** Where the client has to read on: at the first record whose bytes are needed again, else at the next new one. */
  get fetchFrom(): number {
    let from = this.tracker.position;
    for (const [offset, task] of this.parked) {
      if (task.lane.state !== 'frozen' && offset < from) from = offset;
    }
    return from;
  }

  /**
   * Without its map a commit would repeat what stands above the frontier. That is what `'at-least-once'` allows, and
   * what these guarantees do not.
   */
  get needsMap(): boolean {
    return this.producer !== undefined || this.worker.options.delivery === 'at-most-once';
  }

  /** Offset and map as they are at this moment, in one; undefined where the map is needed and too large to be sent. */
  snapshot(): OffsetCommit | undefined {
    if (this.worker.options.commit.mode === 'manual') return this.#manual;
    const measured = this.#measure();
    return this.needsMap && this.mapChars > this.#mapLimitChars ? undefined : measured;
  }

  /** The broker has this offset. */
  acknowledge(offset: OffsetCommit): void {
    this.committed = offset.offset;
    this.#takenChars = Math.max(this.#takenChars, offset.metadata.length);
    this.known = this.lastStored = offset;
  }

  /** The record counts as settled for the log: a commit may pass it. Its lane is still its own. */
  release(task: Task): void {
    if (task.released) return;
    task.released = true;
    this.tracker.settle(task, false);
    this.released.add(task);
  }

  /** A record that was released to be claimed, and whose handler has not started, is to be settled after all. */
  reinstate(task: Task): void {
    if (!this.released.delete(task)) return;
    task.released = false;
    this.tracker.reinstate(task, this.released);
  }

  /** Releases the record and commits with it what is settled. @throws CommitError */
  async commitWith(task: Task): Promise<void> {
    this.#checkCommit();
    if (this.alive && task.state === 'running') this.release(task);
    await this.commitNow();
  }

  /** Commits what is settled now. @throws CommitError; KafkaWorkerError NOT_TRANSACTIONAL where the options forbid it */
  async commitNow(): Promise<void> {
    this.#checkCommit();
    this.#manual = this.#measure();
    await this.committer.flush([this]);
  }

  /** False where `commit()` is refused. */
  get mayCommitByHand(): boolean {
    return this.#whyNotByHand() === undefined;
  }

  #checkCommit(): void {
    const why = this.#whyNotByHand();
    if (why === undefined) return;
    throw new KafkaWorkerError('NOT_TRANSACTIONAL', `commit() of ${this.worker.id} is not possible: ${why}`);
  }

  #whyNotByHand(): string | undefined {
    const { commit, delivery } = this.worker.options;
    if (commit.mode === 'none') return "its option commit is 'none'";
    return typeof delivery === 'object'
      ? `its offsets are part of transactions (delivery ${delivery.type})`
      : undefined;
  }

  /**
   * Its map does not fit into a commit. With `'at-most-once'` every claim makes it larger while no claim can be had: from
   * now on only the first record is claimed. For longer each time, since as many claims as before would fail as before.
   */
  tighten(): void {
    if (this.worker.options.delivery !== 'at-most-once' || this.isTight) return;
    this.#tightUntil = this.tracker.frontier + 2 ** Math.min(this.#tightened++, MAX_TIGHT_POWER);
    this.heedMapSize(); // before claims are given up: they would start again at once
  }

  /**
   * The broker takes less metadata than expected: half of what it has refused, unless it has taken more than that. What
   * `commit()` asked for is kept without its map.
   */
  shrinkMapLimit(): void {
    if (this.mapChars <= this.#takenChars) this.#takenChars = 0; // it has changed its mind
    this.#mapLimitChars = Math.max(this.#takenChars, Math.floor(Math.min(this.#mapLimitChars, this.mapChars) / 2));
    this.tighten();
    this.#manual = { ...this.#manual, metadata: '' };
  }

  get #isPressed(): boolean {
    return this.mapChars > this.#mapLimitChars * MAP_PRESSURE;
  }

  /** Looks at the done-set as it is now: see `heedMapSize`. */
  reviewMap(): void {
    this.#measure();
    this.heedMapSize();
  }

  /**
   * Holds or releases the partition by the size of the map that was measured last. Never while a commit is put
   * together: what is released starts at once, may settle at once, and would make the snapshot just taken an old one.
   */
  heedMapSize(): void {
    const held = this.isTight || this.#isPressed;
    if (held === this.mapHeld) return;
    this.mapHeld = held;
    this.worker.mapHeldChanged(this);
  }

  /** Resolves when nothing of this partition is in flight. */
  whenIdle(): Promise<void> {
    return this.inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Something has ended: whoever waits for the last of it is told. */
  becameIdle(): void {
    const waiting = this.#idle;
    if (waiting.length === 0 || (this.inFlight > 0 && this.alive)) return;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }

  #measure(): OffsetCommit {
    const offset = this.tracker.frontier;
    const map = encodeDoneMap(offset, this.tracker.doneRanges());
    this.mapChars = map.length;
    return {
      topic: this.topic,
      partition: this.partition,
      offset,
      metadata: map.length > this.#mapLimitChars ? '' : map,
    };
  }
}
