import type { Clock, TimerHandle } from '../clock.js';
import type { IdempotencyStore } from './idempotency-store.js';

/** Parts of its length after each of which a lease is renewed: one renewal may fail before it is over. */
const RENEWALS = 3;

/** Which lease, and how long it lasts. */
export interface LeaseInit {
  readonly store: IdempotencyStore;
  readonly key: string;
  readonly token: string;
  /** Milliseconds. */
  readonly leaseMs: number;
  /** Of the attempt that holds the lease. */
  readonly signal: AbortSignal;
}

/**
 * Renews a lease that was just taken, until `stop` or until the attempt is aborted: its result does not count then,
 * and a handler that never comes back must neither keep its key for good nor leave a timer behind.
 */
export class Lease {
  /** The store said that the token does not hold the key any more. */
  lost = false;
  #timer: TimerHandle;
  readonly #init: LeaseInit;
  readonly #clock: Clock;

  constructor(init: LeaseInit, clock: Clock) {
    this.#init = init;
    this.#clock = clock;
    if (init.signal.aborted) return;
    init.signal.addEventListener('abort', this.#stop, { once: true });
    this.#wait();
  }

  /** Idempotent. The key stays taken until the lease is over or the store is told otherwise. */
  stop(): void {
    this.#stop();
  }

  /** A function of its own, so that the listener can be taken away again. */
  readonly #stop = (): void => {
    this.#clock.clearTimer(this.#timer);
    this.#init.signal.removeEventListener('abort', this.#stop);
  };

  /** The next renewal is set before this one has been answered: a slow store must not make them rarer. */
  #wait(): void {
    const renew = (): void => {
      this.#wait();
      void this.#renew();
    };
    this.#timer = this.#clock.setTimer(renew, this.#init.leaseMs / RENEWALS);
  }

  async #renew(): Promise<void> {
    const { store, key, token, leaseMs } = this.#init;
    try {
      if (await store.renew(key, token, leaseMs)) return;
    } catch {
      return; // tried again at the next tick
    }
    this.lost = true;
    this.#stop();
  }
}
