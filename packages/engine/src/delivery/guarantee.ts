import type { TransactionalStore } from '../stores/transactional-store.js';

/** What `delivery` can be. Made by the names themselves, {@link exactlyOnce} and {@link transactional}. */
export type DeliveryGuarantee = 'at-least-once' | 'at-most-once' | ExactlyOnce | Transactional;

/** Made by {@link exactlyOnce}. */
export interface ExactlyOnce {
  readonly type: 'exactly-once';
  readonly store: TransactionalStore;
}

/** Made by {@link transactional}. */
export interface Transactional {
  readonly type: 'transactional';
  readonly idPrefix: string;
}

/** Options of {@link transactional}. */
export interface TransactionalOptions {
  /**
   * Start of the transactional ids; the group, topic and partition follow. Has to be the same in every process of the
   * group, since an id is what fences a former owner. Default `'kafka-worker'`.
   */
  readonly idPrefix?: string;
}

/**
 * Each record takes effect in the store once: the handler gets a transaction (`getTransaction()`), and the record's
 * offset is written in it. The worker starts from the store's position, not from the one committed in Kafka, which is
 * kept up to date for lag and tools only.
 */
export function exactlyOnce(store: TransactionalStore): ExactlyOnce {
  return { type: 'exactly-once', store };
}

/**
 * Kafka to Kafka: what handlers send through their context and the offsets they were called for are committed as one
 * transaction, so that readers of the committed see each effect once. Many records share a transaction: all that
 * settled since the last one; the option `commit` says how often.
 */
export function transactional(options: TransactionalOptions = {}): Transactional {
  return { type: 'transactional', idPrefix: options.idPrefix ?? 'kafka-worker' };
}

/** True for what the option `delivery` takes. */
export function isDeliveryGuarantee(value: unknown): value is DeliveryGuarantee {
  if (value === 'at-least-once' || value === 'at-most-once') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { type, store, idPrefix } = value as { type?: unknown; store?: { claim?: unknown }; idPrefix?: unknown };
  if (type === 'transactional') return typeof idPrefix === 'string' && idPrefix !== '';
  return type === 'exactly-once' && typeof store?.claim === 'function';
}
