import type { KafkaRecord } from '../driver/record.js';

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
  /** Aborts when the result will not count any more: see {@link AbortCause}. Made on first use. */
  readonly signal: AbortSignal;
  /** One past the last record of the partition that could be read when this one was fetched. */
  readonly highWatermark: number;
  /**
   * Commits what is settled in the partition now (this record is not, while its handler runs).
   * @throws CommitError when the broker does not acknowledge it.
   */
  commit(): Promise<void>;
}

/** Settles (or resolves) without an error: the record is done. Throws or rejects: the attempt has failed. */
export type DeliveryHandler = (delivery: Delivery) => unknown;
