import { setTimeout as sleep } from 'node:timers/promises';
import {
  StoreFencedError,
  type IdempotencyAnswer,
  type IdempotencyStore,
  type PartitionClaim,
  type StorePartition,
  type TransactionalStore,
} from '@kafka-worker/nestjs';

/** What a handler of a {@link MemoryStore} worker gets: rows that count when the transaction is committed. */
export interface Rows {
  insert(row: string): void;
}

/** A database in this process; each call takes real time, as one over a network does. */
export class MemoryStore implements TransactionalStore<Rows> {
  readonly name = 'memory';
  readonly rows: string[] = [];
  isOpen = false;
  readonly #claims = new Map<string, number>();
  readonly #done = new Map<string, Set<number>>();

  constructor(private readonly latencyMs = 5) {}

  async open(): Promise<void> {
    await sleep(this.latencyMs);
    this.isOpen = true;
  }

  async claim({ groupId, topic, partition }: StorePartition): Promise<PartitionClaim<Rows>> {
    await sleep(this.latencyMs);
    const key = `${groupId} ${topic}/${partition}`;
    const epoch = (this.#claims.get(key) ?? 0) + 1;
    this.#claims.set(key, epoch);
    const done = this.#done.get(key) ?? new Set<number>();
    this.#done.set(key, done);
    const check = (): void => {
      if (this.#claims.get(key) !== epoch) throw new StoreFencedError(`${key} was claimed again`);
    };
    return {
      position: done.size === 0 ? undefined : { offset: 0, done: [...done].map((at) => ({ from: at, to: at + 1 })) },
      transact: async (offset, work) => {
        await sleep(this.latencyMs);
        const rows: string[] = [];
        await work({ insert: (row) => void rows.push(row) });
        await sleep(this.latencyMs);
        check();
        if (done.has(offset)) return 'already';
        done.add(offset);
        this.rows.push(...rows);
        return 'done';
      },
      advance: async () => {
        await sleep(this.latencyMs);
        check();
      },
    };
  }

  async close(): Promise<void> {
    this.isOpen = false;
  }

  /** Somebody else has the partition from now on. */
  steal(groupId: string, topic: string, partition: number): void {
    const key = `${groupId} ${topic}/${partition}`;
    this.#claims.set(key, (this.#claims.get(key) ?? 0) + 1);
  }
}

/** Keys in this process; each call takes real time. */
export class MemoryKeys implements IdempotencyStore {
  readonly name = 'memory';
  readonly settled = new Set<string>();
  readonly #held = new Map<string, string>();

  async open(): Promise<void> {}

  async acquire(key: string, token: string): Promise<IdempotencyAnswer> {
    await sleep(1);
    if (this.settled.has(key)) return { state: 'settled' };
    if (this.#held.has(key)) return { state: 'held', leaseLeftMs: 100 };
    this.#held.set(key, token);
    return { state: 'acquired' };
  }

  async renew(key: string, token: string): Promise<boolean> {
    return this.#held.get(key) === token;
  }

  async settle(key: string, token: string): Promise<boolean> {
    if (this.#held.get(key) !== token) return false;
    this.#held.delete(key);
    this.settled.add(key);
    return true;
  }

  async release(key: string, token: string): Promise<void> {
    if (this.#held.get(key) === token) this.#held.delete(key);
  }

  async close(): Promise<void> {}
}
