import type { IdempotencyAnswer, IdempotencyStore } from '@kafka-worker/nestjs';

interface Entry {
  readonly state: 'held' | 'settled';
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/**
 * All that a cache has to do, in the memory of one process: it is shared by nobody else and ends with it, so it is for
 * tests only. What is one step here has to be one step there.
 */
export class ProcessStore implements IdempotencyStore {
  readonly name = 'memory of this process';
  readonly #entries = new Map<string, Entry>();

  async open(): Promise<void> {}

  async acquire(key: string, token: string, leaseMs: number): Promise<IdempotencyAnswer> {
    const entry = this.#find(key);
    if (entry?.state === 'settled') return { state: 'settled' };
    if (entry && entry.token !== token) return { state: 'held', leaseLeftMs: entry.until - Date.now() };
    this.#entries.set(key, { state: 'held', token, until: Date.now() + leaseMs });
    return { state: 'acquired' };
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean> {
    return this.#replace(key, { state: 'held', token, until: Date.now() + leaseMs });
  }

  async settle(key: string, token: string, ttlMs: number): Promise<boolean> {
    return this.#replace(key, { state: 'settled', token, until: Date.now() + ttlMs });
  }

  async release(key: string, token: string): Promise<void> {
    if (this.#holds(key, token)) this.#entries.delete(key);
  }

  async close(): Promise<void> {}

  /** Only who holds a key may say what becomes of it. */
  #replace(key: string, entry: Entry): boolean {
    if (!this.#holds(key, entry.token)) return false;
    this.#entries.set(key, entry);
    return true;
  }

  #holds(key: string, token: string): boolean {
    const entry = this.#find(key);
    return entry?.state === 'held' && entry.token === token;
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.until > Date.now() ? entry : undefined;
  }
}
