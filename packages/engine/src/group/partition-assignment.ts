import type { CommittedOffset, DriverConsumer, LogRange, OffsetCommit } from '../driver/driver.js';
import { partitionKey } from '../driver/record.js';
import type { Task } from '../delivery/task.js';
import type { Committer } from '../offsets/committer.js';
import { encodeDoneMap, METADATA_LIMIT_CHARS } from '../offsets/done-map.js';
import { OffsetTracker } from '../offsets/offset-tracker.js';
import type { OffsetRange } from '../offsets/ranges.js';
import { PartitionLanes } from '../lanes/partition-lanes.js';
import type { Worker } from '../worker.js';

/** Above this share of the limit only records below the highest settled one are started: they make the map smaller. */
const MAP_PRESSURE = 0.75;

/** Where a partition starts and what is known of it then. */
export interface AssignmentStart {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly offset: number;
  readonly restored: readonly OffsetRange[];
  readonly committed: CommittedOffset['offset'];
  readonly range: LogRange;
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

  /** False from the hand-over on: no handler starts, no commit is sent, results are dropped. Never true again. */
  alive = true;
  /** Nothing starts while the partition is being given back, or the process ends. */
  draining = false;
  /** By an operator. */
  paused = false;
  /** The record at which the whole partition stands still. */
  frozenAt: Task | undefined = undefined;
  /** The done-set is too large: nothing at or above `startBound` is started. */
  mapHeld = false;

  /** Handlers that run; changes together with `worker.running`. */
  running = 0;
  /** Tasks whose lane waits for the next attempt. */
  waiting = 0;
  /** Bytes of unsettled records. */
  bufferedBytes = 0;
  /** Records were refused: the driver holds them until it is told to go on. */
  refusing = false;
  highWatermark: number;

  // -- turns: owned by lanes/turns.ts
  queued = false;
  hasPlace = false;
  turnStarts = 0;

  // -- commits: owned by offsets/committer.ts
  dirty = false;
  settledSinceCommit = 0;
  /** Acknowledged by the broker. */
  committed: number | undefined;
  /** Characters of the map in the last snapshot. */
  mapChars = 0;
  #mapLimitChars = METADATA_LIMIT_CHARS;
  /** With `commit: 'manual'`: what the last `commit()` asked for. Before it: what was found. */
  #manual: OffsetCommit;
  #idle: (() => void)[] = [];

  constructor(
    start: AssignmentStart,
    readonly worker: Worker,
    readonly consumer: DriverConsumer,
    readonly committer: Committer,
  ) {
    this.since = worker.clock.now();
    this.topic = start.topic;
    this.partition = start.partition;
    this.key = partitionKey(start.topic, start.partition);
    this.epoch = start.epoch;
    this.committed = start.committed;
    this.highWatermark = start.range.high;
    this.tracker = new OffsetTracker<Task>(start.offset, start.restored);
    this.lanes = new PartitionLanes(worker.options);
    this.#manual = this.#measure();
  }

  /** True while handlers of this partition may start. */
  get canStart(): boolean {
    return this.alive && !this.draining && !this.paused && this.frozenAt === undefined && !this.worker.paused;
  }

  /** Only records below this offset may start. */
  get startBound(): number {
    return this.mapHeld ? this.tracker.highestSettled : Infinity;
  }

  /** Offset and map as they are at this moment, in one. */
  snapshot(): OffsetCommit {
    return this.worker.options.commit.mode === 'manual' ? this.#manual : this.#measure();
  }

  /** Commits what is settled now. @throws CommitError */
  async commitNow(): Promise<void> {
    this.#manual = this.#measure();
    await this.committer.flush([this]);
  }

  /** The broker takes less metadata than expected. What `commit()` asked for is kept without its map. */
  shrinkMapLimit(): void {
    this.#mapLimitChars = Math.floor(Math.min(this.#mapLimitChars, this.mapChars) / 2);
    this.#manual = { ...this.#manual, metadata: '' };
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
    const held = this.mapChars > this.#mapLimitChars * MAP_PRESSURE;
    if (held === this.mapHeld) return;
    this.mapHeld = held;
    this.worker.mapHeldChanged(this);
  }

  /** Resolves when no handler of this partition runs. */
  whenIdle(): Promise<void> {
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** The last running handler has settled. */
  becameIdle(): void {
    const waiting = this.#idle;
    if (waiting.length === 0) return;
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
