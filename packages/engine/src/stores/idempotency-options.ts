import type { KafkaRecord } from '../driver/record.js';
import type { IdempotencyStore } from './idempotency-store.js';

/** The option `idempotency`. */
export interface IdempotencyOptions {
  readonly store: IdempotencyStore;
  /**
   * What makes two records the same. Null or undefined: this record is not deduplicated. A throw is a failure that is
   * not tried again. The group is put in front of it, so that two groups do not take each other's records for their own.
   */
  readonly key: (record: KafkaRecord) => string | null | undefined;
  /** How long a settled key is remembered. Milliseconds. Default 86,400,000: one day. */
  readonly ttlMs?: number;
  /**
   * How long a member that died keeps others from its key. Renewed while the handler runs. Milliseconds.
   * Default 30,000.
   */
  readonly leaseMs?: number;
}
