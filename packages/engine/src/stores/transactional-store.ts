import type { TopicPartition } from '../driver/record.js';
import type { OffsetRange } from '../offsets/ranges.js';

/**
 * A database that keeps the offsets of a group beside what handlers write, so that both are one transaction. Given to
 * `exactlyOnce(store)`. `T` is what handlers get by `getTransaction()`: a client, a query builder, whatever the store is
 * made for.
 *
 * What makes it exactly once is that a former owner of a partition cannot finish a transaction any more once somebody
 * else has claimed it: see {@link PartitionClaim.transact}.
 */
export interface TransactionalStore<T = unknown> {
  /** For messages and `inspect()` only. */
  readonly name: string;
  /** Connects, and makes or checks its tables. Called once, at the start. @throws KafkaWorkerError STORE_FAILED */
  open(): Promise<void>;
  /**
   * The caller owns this partition from now on: every claim made before on it is fenced, whoever holds it, and what had
   * been committed under those is in the position given back. Called for each partition of each assignment, and again
   * where a transaction was found fenced although the group still says the partition is ours.
   * @throws KafkaWorkerError STORE_FAILED, which is tried again
   */
  claim(partition: StorePartition): Promise<PartitionClaim<T>>;
  /** Idempotent, never rejects. Claims are void afterwards. */
  close(): Promise<void>;
}

/** One partition of one group. */
export interface StorePartition extends TopicPartition {
  readonly groupId: string;
}

/** What a store knows to be settled: everything below `offset`, and the ranges `done` above it. */
export interface StorePosition {
  readonly offset: number;
  /** Ascending, disjoint, each `[from, to)`. */
  readonly done: readonly OffsetRange[];
}

/** The right to settle records of one partition, until somebody else claims it. */
export interface PartitionClaim<T = unknown> {
  /** Undefined: this group has never been here; the offset committed in Kafka, or the start policy, says where to begin. */
  readonly position: StorePosition | undefined;
  /**
   * Runs `work` in a transaction of its own and marks the record as settled in the same one. Several run side by side,
   * each for another offset.
   *
   * - `done`: committed. `work` has taken effect once and will not be asked for again.
   * - `already`: the record had been settled before, as when the answer to a commit was lost; what `work` did now is
   *   rolled back.
   *
   * @throws StoreFencedError (STORE_FENCED) where the partition was claimed by somebody else; KafkaWorkerError
   * STORE_FAILED where the store cannot be reached or its commit fails; what `work` throws. Nothing of `work` counts
   * then, with one exception: a commit whose answer was lost may have counted, and the next try says `already`.
   */
  transact(offset: number, work: (transaction: T) => unknown): Promise<'done' | 'already'>;
  /**
   * Everything below `offset` is settled: rows that say so one by one may go. Called now and then, never below an
   * earlier call. Also how the position comes to be for what nobody settles (gaps of compaction and transactions).
   * @throws as `transact`
   */
  advance(offset: number): Promise<void>;
}
