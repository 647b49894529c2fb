import {
  type PartitionClaim,
  StoreFailedError,
  StoreFencedError,
  type StorePartition,
  type StorePosition,
  type TransactionalStore,
} from '@kafka-worker/engine';
import type { Decisions } from '../decisions.js';

/** A database that every process reaches. What is in it survives all of them. */
export class SimDatabase {
  readonly #partitions = new Map<string, StoredPartition>();
  /** How often each effect has been committed, by its name. */
  readonly effects = new Map<string, number>();
  /** Calls that are still to fail: before they take effect, or after, so that only their answer is lost. */
  faults: ('refused' | 'answer-lost')[] = [];

  /** @param key `group/topic/partition`, by their names. */
  isDone(key: string, offset: number): boolean {
    const { offset: below = 0, done } = this.of(key);
    return offset < below || done.has(offset);
  }

  of(key: string): StoredPartition {
    let found = this.#partitions.get(key);
    if (found === undefined) this.#partitions.set(key, (found = { epoch: 0, offset: undefined, done: new Set() }));
    return found;
  }
}

interface StoredPartition {
  epoch: number;
  offset: number | undefined;
  readonly done: Set<number>;
}

/** What a handler has in its hands. */
export interface SimTransaction {
  readonly effects: string[];
  /** Called in the turn in which the engine learns how it went. */
  ended: ((end: 'ok' | 'store' | 'fenced' | 'timeout') => void) | undefined;
}

/** What a store's client asks of its process. */
export interface SimStoreSite {
  readonly alive: boolean;
  sleep(ms: number): Promise<void>;
  claimed(partition: StorePartition, position: StorePosition | undefined): void;
  /** A transaction is under way, or is no more. */
  transacting(by: 1 | -1): void;
}

/**
 * One process's client of the database. Each statement is a hop; a process that is killed between two of them has done
 * the ones before.
 */
export class SimStore implements TransactionalStore<SimTransaction> {
  readonly name = 'simulated';
  #calls = 0;

  constructor(
    readonly database: SimDatabase,
    readonly site: SimStoreSite,
    readonly decisions: Decisions,
    readonly latencyMs: number,
  ) {}

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  async claim(partition: StorePartition): Promise<PartitionClaim<SimTransaction>> {
    const key = `${partition.groupId}/${partition.topic}/${partition.partition}`;
    await this.#hop();
    const fault = this.database.faults.shift();
    if (fault === 'refused') throw new StoreFailedError('the database is away');
    const stored = this.database.of(key);
    const epoch = ++stored.epoch;
    const position = positionOf(stored);
    await this.#hop();
    if (fault === 'answer-lost') throw new StoreFailedError('the answer was lost');
    this.site.claimed(partition, position);
    return {
      position,
      transact: (offset, work) => this.#transact(key, epoch, offset, work),
      advance: async (offset) => {
        await this.#hop();
        this.#check(stored, epoch);
        stored.offset = Math.max(stored.offset ?? 0, offset);
        for (const done of stored.done) if (done < offset) stored.done.delete(done);
      },
    };
  }

  async #transact(
    key: string,
    epoch: number,
    offset: number,
    work: (transaction: SimTransaction) => unknown,
  ): Promise<'done' | 'already'> {
    const transaction: SimTransaction = { effects: [], ended: undefined };
    try {
      await work(transaction);
    } catch (error) {
      transaction.ended?.('timeout'); // its handler was through, too late
      throw error;
    }
    this.site.transacting(1);
    try {
      await this.#hop();
      const fault = this.database.faults.shift();
      if (fault === 'refused') throw new StoreFailedError('the database is away');
      const stored = this.database.of(key);
      this.#check(stored, epoch);
      const already = stored.done.has(offset) || offset < (stored.offset ?? 0);
      if (!already) {
        stored.done.add(offset);
        for (const effect of transaction.effects) {
          this.database.effects.set(effect, (this.database.effects.get(effect) ?? 0) + 1);
        }
      }
      await this.#hop();
      if (fault === 'answer-lost') throw new StoreFailedError('the answer was lost');
      transaction.ended?.('ok');
      return already ? 'already' : 'done';
    } catch (error) {
      transaction.ended?.(error instanceof StoreFencedError ? 'fenced' : 'store');
      throw error;
    } finally {
      this.site.transacting(-1);
    }
  }

  #check(stored: StoredPartition, epoch: number): void {
    if (stored.epoch !== epoch) throw new StoreFencedError(`claimed by somebody else: ${stored.epoch}, not ${epoch}`);
  }

  /** Nothing comes back to a process that was killed. */
  async #hop(): Promise<void> {
    const share = this.decisions.fraction('store', this.#calls++);
    if (this.latencyMs > 0) await this.site.sleep(Math.ceil(this.latencyMs * share));
    if (!this.site.alive) await new Promise(() => undefined);
  }
}

function positionOf({ offset, done }: StoredPartition): StorePosition | undefined {
  if (offset === undefined) {
    // nobody could tell whether what lies below is settled
    if (done.size > 0) throw new Error('a record was settled before the store knew where its partition begins');
    return undefined;
  }
  const sorted = [...done].filter((one) => one >= offset).toSorted((a, b) => a - b);
  return { offset, done: sorted.map((one) => ({ from: one, to: one + 1 })) };
}
