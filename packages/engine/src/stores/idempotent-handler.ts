import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { Delivery, DeliveryHandler } from '../delivery/delivery.js';
import type { KafkaRecord } from '../driver/record.js';
import { ensureError } from '../errors/kafka-worker.error.js';
import { NonRetryableError, RetryLaterError, SkipRecordError } from '../errors/steering.errors.js';
import { StoreFailedError } from '../errors/store.error.js';
import type { WorkerDefinition } from '../options/engine-options.js';
import type { IdempotencyOptions } from './idempotency-options.js';
import { Lease, type LeaseInit } from './lease.js';

/** Bounds of the wait for a key that somebody else works on. Milliseconds. */
const HELD_MIN_MS = 50;
const HELD_MAX_MS = 1_000;
/** The wait after the first failure of the store in a row, and the longest. Milliseconds. */
const OUTAGE_INITIAL_MS = 250;
const OUTAGE_MAX_MS = 30_000;
/** How often a key is tried to be marked, and the wait after the first failure. Milliseconds. */
const MARK_TRIES = 5;
const MARK_INITIAL_MS = 100;

/**
 * Hears of a record whose handler has succeeded while its key could not be marked: a duplicate would be handled again.
 * A throw is passed over.
 */
export type OnUnmarked = (delivery: Delivery, error: Error) => void;

/**
 * `handle`, called only for records whose key was not settled before and that nobody else works on. The rest is told by
 * errors that steer the engine: settled before is skipped, held by somebody else is asked for again within a second.
 *
 * - A store that fails costs no attempt: the record waits, 250 ms at first and 30 s at most, until the store is back.
 * - Once the handler has succeeded the record is done, whatever the store says: its effect has happened. What cannot be
 *   marked after five tries goes to `onUnmarked`.
 * - The signal aborted: nobody waits for the store to give or take back a key, the lease is renewed no more, and a mark
 *   has one try left.
 *
 * `unwrap` is the worker's own: what is asynchronous for a layer above and no promise.
 */
export function idempotent(
  handle: DeliveryHandler,
  options: Required<IdempotencyOptions>,
  clock: Clock,
  unwrap?: WorkerDefinition['unwrap'],
  onUnmarked?: OnUnmarked,
): DeliveryHandler {
  const { store, leaseMs, ttlMs } = options;
  /** The last wait of records that found the store failing. They come as the same object in each of their attempts. */
  const outages = new WeakMap<KafkaRecord, number>();

  const unavailable = (record: KafkaRecord, reason: string, cause: unknown): RetryLaterError => {
    const last = outages.get(record);
    const waitMs = last === undefined ? OUTAGE_INITIAL_MS : Math.min(2 * last, OUTAGE_MAX_MS);
    outages.set(record, waitMs);
    return new RetryLaterError(waitMs, `the idempotency store ${store.name} ${reason}`, { cause });
  };

  /** Resolves once the key is ours. @throws what the engine is to do with the record where it is not. */
  const acquire = async ({ record }: Delivery, { key, token, signal }: LeaseInit): Promise<void> => {
    const asked = ask(() => store.acquire(key, token, leaseMs));
    const answer = await beforeAbort(asked, signal).catch((error: unknown) => {
      throw unavailable(record, 'failed', error);
    });
    if (answer === undefined) {
      // the key may still become ours, and nobody would be there to work on it
      asked.then(({ state }) => (state === 'acquired' ? store.release(key, token) : undefined)).catch(() => undefined);
      throw unavailable(record, 'had not answered when the attempt was aborted', signal.reason);
    }
    outages.delete(record);
    switch (answer.state) {
      case 'acquired':
        return;
      case 'settled':
        throw new SkipRecordError(`settled before: a record of the same idempotency key, within the last ${ttlMs} ms`);
      case 'held': {
        const waitMs = Math.max(HELD_MIN_MS, Math.min(answer.leaseLeftMs, HELD_MAX_MS));
        throw new RetryLaterError(waitMs, 'somebody else works on a record of the same idempotency key');
      }
    }
  };

  /** The engine's way to find out that a handler is through: its promise, and what `unwrap` makes of its value. */
  const run = async (delivery: Delivery): Promise<void> => {
    const value = await handle(delivery);
    await unwrap?.(value);
  };

  /** @returns false where somebody else works on the key. */
  const tryMark = async (lease: Lease, { key, token }: LeaseInit): Promise<boolean> => {
    if (!lease.lost && (await store.settle(key, token, ttlMs))) return true;
    // The lease is over, as after a long standstill or where the store forgot it. If nobody has taken the key since, it
    // can be had again just to be marked.
    const { state } = await store.acquire(key, token, leaseMs);
    return state === 'settled' || (state === 'acquired' && (await store.settle(key, token, ttlMs)));
  };

  /** Never rejects. @returns why the key is not marked; undefined where it is. */
  const mark = async (lease: Lease, init: LeaseInit): Promise<Error | undefined> => {
    for (let tries = 1; ; tries++) {
      try {
        if (await tryMark(lease, init)) return undefined;
        return new StoreFailedError(`the lease in ${store.name} ran out, and somebody else works on the key`);
      } catch (thrown) {
        if (tries === MARK_TRIES || init.signal.aborted) return ensureError(thrown);
      }
      await pause(clock, MARK_INITIAL_MS * 2 ** (tries - 1), init.signal);
    }
  };

  const once = async (delivery: Delivery, key: string): Promise<void> => {
    const { signal } = delivery;
    const init: LeaseInit = { store, key, token: randomUUID(), leaseMs, signal };
    await acquire(delivery, init);
    const lease = new Lease(init, clock);
    try {
      await run(delivery);
    } catch (thrown) {
      lease.stop();
      // where it fails, the key is free when the lease is over
      await beforeAbort(
        ask(() => store.release(key, init.token)),
        signal,
      ).catch(() => undefined);
      throw thrown;
    }
    const error = await mark(lease, init);
    lease.stop();
    if (error !== undefined) tell(onUnmarked, delivery, error);
  };

  return (delivery) => {
    const key = keyOf(options, delivery.record);
    return key === undefined ? handle(delivery) : once(delivery, `${delivery.groupId}:${key}`);
  };
}

/** @throws NonRetryableError: the same record gives the same again. */
function keyOf({ key }: Required<IdempotencyOptions>, record: KafkaRecord): string | undefined {
  let found: unknown;
  try {
    found = key(record);
  } catch (cause) {
    throw new NonRetryableError('the function idempotency.key threw', { cause });
  }
  if (found === null || found === undefined) return undefined;
  if (typeof found === 'string') return found;
  // Made to text, a promise or an object would be the same key for every record, and all but one would be skipped.
  throw new NonRetryableError(`the function idempotency.key gave a value of type ${typeof found}; a string is allowed`);
}

/** A call of a store; one that throws where it should reject has failed all the same. */
async function ask<T>(call: () => Promise<T>): Promise<T> {
  return call();
}

/** What `promise` gives; undefined where the signal aborts before. */
async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    return undefined;
  }
  let onAbort!: () => void;
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves after `ms` milliseconds, or when the signal aborts. Leaves no timer. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  let wake!: () => void;
  const over = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const timer = clock.setTimer(wake, ms);
  await beforeAbort(over, signal);
  clock.clearTimer(timer);
}

function tell(onUnmarked: OnUnmarked | undefined, delivery: Delivery, error: Error): void {
  try {
    onUnmarked?.(delivery, error);
  } catch {
    // the record is done all the same
  }
}
