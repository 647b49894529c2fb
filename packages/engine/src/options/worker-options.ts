import type { KafkaRecord } from '../driver/record.js';
import type { Backoff } from '../delivery/backoff.js';
import type { FailurePolicy } from '../delivery/failure-policy.js';
import type { DeliveryGuarantee } from '../delivery/guarantee.js';
import type { IdempotencyOptions } from '../stores/idempotency-options.js';

/**
 * serial     one lane for the worker: one record at a time, its retries included
 * partition  one lane per partition
 * key        one lane per key of a partition
 * unordered  no lane: as many at once as `limit` allows
 */
export type Concurrency = 'serial' | 'partition' | 'key' | 'unordered';

/** Every value `concurrency` can take. */
export const CONCURRENCIES: readonly Concurrency[] = ['serial', 'partition', 'key', 'unordered'];

/** When offsets are committed by themselves. */
export interface CommitCadence {
  /** Commit at the latest this long after the first change. Milliseconds; `Infinity`: by count only. Default 1000. */
  readonly intervalMs?: number;
  /** Commit after this many settled records of a partition; `Infinity`: by time only. Default 1000. */
  readonly records?: number;
}

/** How often, how long apart and what for an attempt is made again. */
export interface RetryOptions {
  /** How many attempts are made in all; 1 means no retry. Default 3. */
  readonly attempts?: number;
  /** The wait before attempt `n + 1`. Default `exponential()`. The lane waits, the slot works elsewhere. */
  readonly backoff?: Backoff;
  /** False: this error goes to `onFailure` at once. Default: every error is tried again. */
  readonly retryIf?: (error: Error, record: KafkaRecord) => boolean;
}

/** What a partition may hold in memory. What is over it stays in the log. */
export interface BufferOptions {
  /** Records taken and not settled yet, per partition. Default 1000, or twice the limit where that is more. */
  readonly records?: number;
  /** Their bytes, per partition. Default 16 MiB. A single larger record is still taken, alone. */
  readonly bytes?: number;
}

/** Options of a worker as they are given. Everything has a default. */
export interface WorkerOptions {
  /** Default `'partition'`. */
  readonly concurrency?: Concurrency;
  /** Handlers that run at once in this process. Default 16; with `'serial'` 1, and nothing else is allowed. */
  readonly limit?: number;
  /** Partitions that are worked on at once. Default: no bound. */
  readonly partitionLimit?: number;
  /** An ordering key other than the record's own, for `'key'`. A throw there sends the record to `onFailure`. */
  readonly orderBy?: (record: KafkaRecord) => string | Buffer | null | undefined;
  /** Records without a key in `'key'`: each on its own, or all in one lane per partition. Default `'unordered'`. */
  readonly nullKey?: 'unordered' | 'partition';
  /**
   * What a crash may cost: repeat a record (`'at-least-once'`), drop one (`'at-most-once'`: its commit is acknowledged
   * before its handler starts), or neither, with {@link exactlyOnce} into a database or {@link transactional} into Kafka.
   * Default `'at-least-once'`.
   */
  readonly delivery?: DeliveryGuarantee;
  /**
   * When offsets are committed. `{ intervalMs, records }`: whatever comes first. `'each'`: as soon as a record is settled.
   * `'manual'`: only by `commit()`. `'none'`: never, nor by `commit()`; the group starts again where it started.
   * Default `{ intervalMs: 1000, records: 1000 }`; with `transactional()` `{ intervalMs: 100, records: 500 }`.
   */
  readonly commit?: CommitCadence | 'each' | 'manual' | 'none';
  /** Default 3 attempts with exponential backoff. */
  readonly retry?: RetryOptions;
  /**
   * What becomes of a record whose attempts are used up. Default `freeze('partition')`; with `'at-most-once'`, where a
   * freeze could not survive a restart, `skip()`.
   */
  readonly onFailure?: FailurePolicy;
  /** Records whose key was settled before are skipped. Default: none are. */
  readonly idempotency?: IdempotencyOptions;
  /**
   * Bound of one attempt. The signal aborts; the attempt has failed when the handler settles, or 5 s later.
   * Milliseconds. Default none.
   */
  readonly timeoutMs?: number;
  /** Default 1000 records, 16 MiB. */
  readonly buffer?: BufferOptions;
}

/** Names of all options, for messages about unknown ones. */
export const WORKER_OPTION_NAMES: readonly (keyof WorkerOptions)[] = [
  'concurrency',
  'limit',
  'partitionLimit',
  'orderBy',
  'nullKey',
  'delivery',
  'commit',
  'retry',
  'onFailure',
  'idempotency',
  'timeoutMs',
  'buffer',
];

/** The same with every default filled in. */
export interface CompiledWorkerOptions {
  readonly concurrency: Concurrency;
  readonly limit: number;
  readonly partitionLimit: number;
  readonly orderBy: ((record: KafkaRecord) => string | Buffer | null | undefined) | undefined;
  readonly nullKey: 'unordered' | 'partition';
  readonly delivery: DeliveryGuarantee;
  readonly commit: {
    readonly mode: 'cadence' | 'manual' | 'none';
    readonly intervalMs: number;
    readonly records: number;
  };
  readonly retry: { readonly attempts: number; readonly backoff: Backoff; readonly retryIf: RetryOptions['retryIf'] };
  readonly onFailure: FailurePolicy;
  readonly idempotency: Required<IdempotencyOptions> | undefined;
  readonly timeoutMs: number | undefined;
  readonly buffer: { readonly records: number; readonly bytes: number };
}
