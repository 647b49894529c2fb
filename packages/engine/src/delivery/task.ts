import type { TimerHandle } from '../clock.js';
import type { OutgoingRecord } from '../driver/driver.js';
import { recordBytes, type KafkaRecord } from '../driver/record.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { FreezeReason } from '../events/events.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';
import type { RecordState } from '../inspect.js';
import type { BatchTally } from '../instrumentation/batch-tally.js';
import type { AttemptScope } from '../instrumentation/worker-instrumentation.js';
import type { Lane } from '../lanes/lane.js';
import type { AbortCause, Delivery, RecordOrigin } from './delivery.js';
import type { FreezeScope } from './failure-policy.js';
import { readDelaysUsed, readOrigin } from './origin-headers.js';

/** The reason of an aborted signal; `cause` says why. */
export class DeliveryAbortedError extends Error {
  override readonly name = 'AbortError';
  constructor(override readonly cause: AbortCause) {
    super(`the result of this attempt does not count any more: ${cause}`);
  }
}

/** Delays of a record that waits in its place. */
export interface Delays {
  readonly used: number;
  /** Its first failure. Milliseconds since the epoch. */
  readonly since: number;
  /** Made before the last delay. */
  readonly attempts: number;
}

/** Why a record stands. */
export interface Frozen {
  readonly scope: FreezeScope;
  readonly reason: FreezeReason;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Milliseconds since the epoch; undefined: it does not go on by itself. */
  readonly until: number | undefined;
}

/**
 * One record from intake until it is settled or its partition goes.
 *
 *     queued ──start──► running ──ok──► settled
 *       ▲ ▲      │         │ failed        ▲
 *       │ │      │         ├──► waiting ──backoff over──► queued
 *       │ │  at-most-once  ├──► forwarding ──acknowledged──┘
 *       │ │      ▼         │        │ cannot be sent
 *       │ │  claiming ─►   └──► frozen ──► queued
 *       │ └──────────────────────── │ unfreeze
 *       └── parked, behind it ◄─────┘
 *
 * A task is at the head of its lane whenever it is neither queued nor parked.
 */
export class Task implements Delivery {
  // neighbours in the tracker's list of unsettled records
  before: this | undefined = undefined;
  after: this | undefined = undefined;
  /** The next record of the same lane. */
  nextInLane: Task | undefined = undefined;
  lane: Lane;
  /** Without value and headers while it is parked. */
  record: KafkaRecord;
  state: RecordState | 'settled' = 'queued';
  /** Settled for the log, so that a commit may pass it, though its handler has yet to run or runs. Never false again. */
  released = false;
  /** Attempts begun and counted under this assignment. */
  attempt = 0;
  /** Starts, every one of them: `attempt` can fall, and a late result must not pass for that of a later start. */
  run = 0;
  /**
   * Milliseconds since `assignment.since`, as all times that every task has: small whole numbers lie in the object
   * itself, while those since the epoch would each be an object of their own. -1 before the first start.
   */
  startedAt = -1;
  /** `retryTopics` that keep the order: what has been tried before the delay it waits for, or has behind it. */
  delays: Delays | undefined = undefined;
  /** Set while it is frozen, and only then. */
  frozen: Frozen | undefined = undefined;
  /** The last failed attempt's. */
  error: Error | undefined = undefined;
  /** Why the running attempt's signal was aborted. */
  aborted: AbortCause | undefined = undefined;
  /** What the running attempt has sent, where that is part of a transaction. */
  outbox: OutgoingRecord[] | undefined = undefined;
  /** Of the running attempt's timeout, or of the wait for whatever comes next: never two. */
  timer: TimerHandle = undefined;
  #controller: AbortController | undefined = undefined;
  /** The batch that it was taken with, where somebody wants to know its end. */
  batch: BatchTally | undefined = undefined;
  /** What stands around the running attempt, or stood around the last one. */
  scope: AttemptScope | undefined = undefined;

  readonly offset: number;
  readonly bytes: number;

  constructor(
    record: KafkaRecord,
    readonly assignment: PartitionAssignment,
    lane: Lane,
    /** Milliseconds since `assignment.since`. */
    readonly takenAt: number,
    /** The record failed before it reached a handler: it has no lane of its own key, or is not there any more. */
    public broken: Error | undefined,
  ) {
    this.lane = lane;
    this.record = record;
    this.offset = record.offset;
    this.bytes = recordBytes(record);
  }

  get worker(): string {
    return this.assignment.worker.id;
  }

  get groupId(): string {
    return this.assignment.worker.groupId;
  }

  get queuedMs(): number | undefined {
    return this.run > 1 ? undefined : Math.max(0, this.startedAt - this.takenAt);
  }

  get traceId(): string | undefined {
    return this.scope?.traceId;
  }

  get highWatermark(): number {
    return this.assignment.highWatermark;
  }

  /** Headers of other people's making say nothing here: only those of a retry topic of ours do. */
  get origin(): RecordOrigin | undefined {
    return this.assignment.delayMs === undefined ? undefined : readOrigin(this.record);
  }

  /** Delays of `retryTopics` that this record has behind it. */
  get delaysUsed(): number {
    return this.assignment.delayMs === undefined ? (this.delays?.used ?? 0) : readDelaysUsed(this.record);
  }

  get transaction(): unknown {
    return undefined;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted !== undefined) this.#controller.abort(new DeliveryAbortedError(this.aborted));
    }
    return this.#controller.signal;
  }

  send(_records: OutgoingRecord | readonly OutgoingRecord[]): void {
    throw new KafkaWorkerError('NOT_TRANSACTIONAL', `send() of ${this.worker} needs delivery: transactional()`);
  }

  commit(): Promise<void> {
    return this.assignment.commitWith(this);
  }

  /** A new attempt begins. */
  begin(now: number): void {
    this.state = 'running';
    this.attempt++;
    this.run++;
    this.startedAt = now - this.assignment.since;
    this.aborted = undefined;
    this.outbox = undefined;
    this.scope = undefined;
    this.#controller = undefined;
  }

  /** Tells the running handler that its result will not count. */
  abort(cause: AbortCause): void {
    if (this.aborted !== undefined) return;
    this.aborted = cause;
    this.#controller?.abort(new DeliveryAbortedError(cause));
  }

  /** Gives up what the record weighs; `offset` stays, and the key, by which it is found in `inspect()`. */
  park(): void {
    this.state = 'parked';
    this.record = { ...this.record, value: null, headers: {} };
  }
}
