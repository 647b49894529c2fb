import { recordBytes, type KafkaRecord } from '../driver/record.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';
import type { RecordState } from '../inspect.js';
import type { Lane } from '../lanes/lane.js';
import type { TimerHandle } from '../clock.js';
import type { OutgoingRecord } from '../driver/driver.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { AbortCause, Delivery, RecordOrigin } from './delivery.js';
import type { FreezeScope } from './failure-policy.js';

/** The reason of an aborted signal; `cause` says why. */
export class DeliveryAbortedError extends Error {
  override readonly name = 'AbortError';
  constructor(override readonly cause: AbortCause) {
    super(`the result of this attempt does not count any more: ${cause}`);
  }
}

/**
 * One record from intake until it is settled or its partition goes.
 *
 *     queued ──start──► running ──ok──► settled
 *       ▲                  │ failed
 *       │                  ├──► waiting ──backoff over──► queued
 *       └──unfreeze── frozen ◄─┘ attempts used up
 *
 * A task is at the head of its lane whenever it is anything but queued.
 */
export class Task implements Delivery {
  // neighbours in the tracker's list of unsettled records
  before: this | undefined = undefined;
  after: this | undefined = undefined;
  /** The next record of the same lane. */
  nextInLane: Task | undefined = undefined;
  lane: Lane;
  state: RecordState | 'settled' = 'queued';
  /** Attempts begun and counted under this assignment. */
  attempt = 0;
  /** Starts, every one of them: `attempt` can fall, and a late result must not pass for that of a later start. */
  run = 0;
  /**
   * Milliseconds since `assignment.since`, as all times that every task has: small whole numbers lie in the object
   * itself, while those since the epoch would each be an object of their own. -1 before the first start.
   */
  startedAt = -1;
  /** Milliseconds since the epoch; 0 where it never froze. */
  frozenSince = 0;
  /** Meaningless while it is not frozen. */
  frozenScope: FreezeScope = 'key';
  /** The last failed attempt's. */
  error: Error | undefined = undefined;
  /** Why the running attempt's signal was aborted. */
  aborted: AbortCause | undefined = undefined;
  /** Of the running attempt's timeout, or of the wait for the next one: never both. */
  timer: TimerHandle = undefined;
  #controller: AbortController | undefined = undefined;

  readonly offset: number;
  readonly bytes: number;

  constructor(
    readonly record: KafkaRecord,
    readonly assignment: PartitionAssignment,
    lane: Lane,
    /** Milliseconds since `assignment.since`. */
    readonly takenAt: number,
    /** The record failed before it reached a handler: it has no lane of its own key. */
    readonly broken: Error | undefined,
  ) {
    this.lane = lane;
    this.offset = record.offset;
    this.bytes = recordBytes(record);
  }

  get worker(): string {
    return this.assignment.worker.id;
  }

  get groupId(): string {
    return this.assignment.worker.groupId;
  }

  get highWatermark(): number {
    return this.assignment.highWatermark;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted !== undefined) this.#controller.abort(new DeliveryAbortedError(this.aborted));
    }
    return this.#controller.signal;
  }

  get origin(): RecordOrigin | undefined {
    return undefined;
  }

  get transaction(): unknown {
    return undefined;
  }

  send(_records: OutgoingRecord | readonly OutgoingRecord[]): void {
    throw new KafkaWorkerError('NOT_TRANSACTIONAL', 'send() needs delivery: transactional()');
  }

  commit(): Promise<void> {
    return this.assignment.commitNow();
  }

  /** A new attempt begins. */
  begin(now: number): void {
    this.state = 'running';
    this.attempt++;
    this.run++;
    this.startedAt = now - this.assignment.since;
    this.aborted = undefined;
    this.#controller = undefined;
  }

  /** Tells the running handler that its result will not count. */
  abort(cause: AbortCause): void {
    if (this.aborted !== undefined) return;
    this.aborted = cause;
    this.#controller?.abort(new DeliveryAbortedError(cause));
  }
}
