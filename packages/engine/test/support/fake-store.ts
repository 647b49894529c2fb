import type { Clock, IdempotencyAnswer, IdempotencyStore } from '../../src/index.js';

/** What a store can be asked for. */
export type StoreCall = 'acquire' | 'renew' | 'settle' | 'release';

interface Entry {
  readonly state: 'held' | 'settled';
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** A store in memory, on the test's clock, that can be told how to behave. */
export class FakeStore implements IdempotencyStore {
  readonly name = 'fake';
  /** Every call, in order. */
  readonly calls: { readonly call: StoreCall; readonly key: string; readonly token: string; readonly at: number }[] =
    [];
  /** What holds a call up, or makes it fail. Asked before the store changes anything. */
  before: (call: StoreCall) => Promise<void> | void = () => undefined;
  readonly #entries = new Map<string, Entry>();

  constructor(private readonly clock: Clock) {}

  /** Names of the calls so far. */
  get asked(): StoreCall[] {
    return this.calls.map(({ call }) => call);
  }

  /** Who has the key, and how; undefined where nobody does. */
  at(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.until > this.clock.now() ? entry : undefined;
  }

  /** As if another member, or nobody, had the key from now on. */
  put(key: string, state: Entry['state'] | undefined, forMs = 30_000): void {
    if (state === undefined) this.#entries.delete(key);
    else this.#set(key, state, 'another', forMs);
  }

  async open(): Promise<void> {}

  async acquire(key: string, token: string, leaseMs: number): Promise<IdempotencyAnswer> {
    await this.#begin('acquire', key, token);
    const entry = this.at(key);
    if (entry?.state === 'settled') return { state: 'settled' };
    if (entry !== undefined && entry.token !== token) {
      return { state: 'held', leaseLeftMs: entry.until - this.clock.now() };
    }
    this.#set(key, 'held', token, leaseMs);
    return { state: 'acquired' };
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean> {
    await this.#begin('renew', key, token);
    if (!this.#holds(key, token)) return false;
    this.#set(key, 'held', token, leaseMs);
    return true;
  }

  async settle(key: string, token: string, ttlMs: number): Promise<boolean> {
    await this.#begin('settle', key, token);
    if (!this.#holds(key, token)) return false;
    this.#set(key, 'settled', token, ttlMs);
    return true;
  }

  async release(key: string, token: string): Promise<void> {
    await this.#begin('release', key, token);
    if (this.#holds(key, token)) this.#entries.delete(key);
  }

  async close(): Promise<void> {}

  async #begin(call: StoreCall, key: string, token: string): Promise<void> {
    this.calls.push({ call, key, token, at: this.clock.now() });
    await this.before(call);
  }

  #holds(key: string, token: string): boolean {
    const entry = this.at(key);
    return entry?.state === 'held' && entry.token === token;
  }

  #set(key: string, state: Entry['state'], token: string, forMs: number): void {
    this.#entries.set(key, { state, token, until: this.clock.now() + forMs });
  }
}
