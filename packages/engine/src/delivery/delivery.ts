import type { OutgoingRecord } from '../driver/driver.js';
import type { KafkaRecord, TopicPartition } from '../driver/record.js';

/**
 * done           the handler settled without an error
 * skipped        given up on purpose: by the handler, by policy or by an operator
 * dead-lettered  the broker has acknowledged a copy in the dead-letter topic
 * retried-later  the broker has acknowledged a copy in a retry topic
 * frozen         its lane or partition stands still at it; not settled, not committed
 * abandoned      its partition went while it was unsettled; the next owner gets it again
 */
export type Disposition = 'done' | 'skipped' | 'dead-lettered' | 'retried-later' | 'frozen' | 'abandoned';

/** Why a handler's signal was aborted; found in `signal.reason.cause`. */
export type AbortCause = 'rebalance' | 'lost' | 'shutdown' | 'timeout';

/** One attempt at one record, as a handler sees it. */
export interface Delivery {
  readonly record: KafkaRecord;
  /** Id of the worker. */
  readonly worker: string;
  readonly groupId: string;
  /** 1 for the first attempt under this assignment. */
  readonly attempt: number;
  /**
   * From when the record was taken until its handler was started first: in its lane, and for a slot. Milliseconds;
   * undefined where it was started before under this assignment.
   */
  readonly queuedMs: number | undefined;
  /** The trace that this attempt belongs to, where an instrumentation follows it. 32 hexadecimal digits. */
  readonly traceId: string | undefined;
  /** Aborts when the result will not count any more: see {@link AbortCause}. Made on first use. */
  readonly signal: AbortSignal;
  /** One past the last record of the partition that could be read when this one was fetched. */
  readonly highWatermark: number;
  /** Where the record stood first, where it came through a retry topic; undefined where it did not. */
  readonly origin: RecordOrigin | undefined;
  /** With `exactlyOnce(store)`: the store's transaction, which the record's offset is written in. Else undefined. */
  readonly transaction: unknown;
  /**
   * With `transactional()`: sends these records in the transaction that commits this one, when the handler has settled
   * without an error. What a failed attempt sent is dropped.
   * @throws KafkaWorkerError NOT_TRANSACTIONAL with any other guarantee.
   */
  send(records: OutgoingRecord | readonly OutgoingRecord[]): void;
  /**
   * The record counts as done for the log from now on: commits it with what else is settled in the partition. A failure
   * after that is still retried and goes to `onFailure`, in this process only.
   * @throws CommitError when the broker does not acknowledge it; KafkaWorkerError NOT_TRANSACTIONAL where offsets are
   * part of a transaction, or with `commit: 'none'`.
   */
  commit(): Promise<void>;
}

/** Where a record stood before it went through retry topics. */
export interface RecordOrigin extends TopicPartition {
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** Attempts made before this delivery. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly firstFailedAt: number;
}

/** Settles (or resolves) without an error: the record is done. Throws or rejects: the attempt has failed. */
export type DeliveryHandler = (delivery: Delivery) => unknown;
