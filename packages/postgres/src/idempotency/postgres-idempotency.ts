import {
  ensureError,
  KafkaWorkerError,
  StoreFailedError,
  type IdempotencyAnswer,
  type IdempotencyStore,
} from '@kafka-worker/engine';
import { runnerOf, type PostgresSource } from '../runner/source.js';
import type { TransactionRunner } from '../runner/transaction-runner.js';
import { openTables } from '../sql/open-tables.js';
import type { SqlRow, SqlStatement } from '../sql/statement.js';
import { keyTables, type KeyTables, type PostgresTableOptions } from '../sql/tables.js';
import { KeyStatements } from './statements.js';
import { storedKey } from './stored-key.js';

/** Options of {@link postgresIdempotency}, beside `pool` or `runner`. */
export interface PostgresIdempotencyOptions extends PostgresTableOptions {
  /** Whether `open` makes the table where it is missing. See `PostgresStoreOptions.migrate`. Default true. */
  readonly migrate?: boolean;
  /**
   * After how many keys taken by this process a sweep is made, of twice as many rows at most: so there are never many
   * more expired rows than keys taken lately. 0: only `sweep()` deletes. Default 500.
   */
  readonly sweepEvery?: number;
}

/** An {@link IdempotencyStore} with a broom. */
export interface PostgresIdempotencyStore extends IdempotencyStore {
  /**
   * Deletes up to `limit` rows whose time is over, the oldest first. Default limit 1,000. @returns how many
   * @throws StoreFailedError
   */
  sweep(limit?: number): Promise<number>;
}

/**
 * Remembers keys in a table. Time is the database's; who holds a key longer than its lease keeps it until somebody else
 * takes it.
 *
 * @throws ConfigurationError where options are wrong
 */
export function postgresIdempotency(options: PostgresIdempotencyOptions & PostgresSource): PostgresIdempotencyStore {
  return new PostgresIdempotency(runnerOf('postgresIdempotency', options), options);
}

class PostgresIdempotency implements PostgresIdempotencyStore {
  readonly name = 'postgres';
  readonly #tables: KeyTables;
  readonly #statements: KeyStatements;
  readonly #sweepEvery: number;
  readonly #migrate: boolean;
  #open = false;
  #acquired = 0;
  #sweep: Promise<unknown> | undefined;

  constructor(
    private readonly runner: TransactionRunner,
    options: PostgresIdempotencyOptions,
  ) {
    this.#tables = keyTables(options);
    this.#statements = new KeyStatements(this.#tables);
    this.#sweepEvery = options.sweepEvery ?? 500;
    this.#migrate = options.migrate ?? true;
  }

  async open(): Promise<void> {
    try {
      if (!this.#open) await this.runner.open?.();
      this.#open = true;
      await openTables(this.runner, this.#tables, this.#migrate);
    } catch (error) {
      throw failed('open', error);
    }
  }

  async acquire(key: string, token: string, leaseMs: number): Promise<IdempotencyAnswer> {
    const [row] = await this.#ask('acquire', this.#statements.acquire(storedKey(key), token, leaseMs));
    if (row?.['acquired'] === true) {
      this.#sweepNowAndThen();
      return { state: 'acquired' };
    }
    if (row?.['settled'] === true) return { state: 'settled' };
    return { state: 'held', leaseLeftMs: Math.max(0, Number(row?.['left'])) };
  }

  async renew(key: string, token: string, leaseMs: number): Promise<boolean> {
    const [row] = await this.#ask('renew', this.#statements.renew(storedKey(key), token, leaseMs));
    return row?.['held'] === true;
  }

  async settle(key: string, token: string, ttlMs: number): Promise<boolean> {
    const [row] = await this.#ask('settle', this.#statements.settle(storedKey(key), token, ttlMs));
    return row?.['held'] === true;
  }

  async release(key: string, token: string): Promise<void> {
    await this.#ask('release', this.#statements.release(storedKey(key), token));
  }

  async sweep(limit = 1_000): Promise<number> {
    const [row] = await this.#ask('sweep', this.#statements.sweep(limit));
    return Number(row?.['swept']);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#sweep;
    try {
      await this.runner.close?.();
    } catch {
      // it promised not to; there is nobody left who could do anything about it
    }
  }

  /** Beside the work, one at a time. One that fails is made up for by the next. */
  #sweepNowAndThen(): void {
    if (this.#sweepEvery === 0) return;
    this.#acquired += 1;
    if (this.#acquired < this.#sweepEvery || this.#sweep !== undefined) return;
    this.#sweep = this.sweep(2 * this.#acquired)
      .catch(() => undefined)
      .finally(() => (this.#sweep = undefined));
    this.#acquired = 0;
  }

  async #ask(what: string, statement: SqlStatement): Promise<readonly SqlRow[]> {
    if (!this.#open) throw new StoreFailedError('PostgreSQL: the idempotency store is not open');
    try {
      return await this.runner.query(statement);
    } catch (error) {
      throw failed(`${what} a key`, error);
    }
  }
}

function failed(what: string, cause: unknown): KafkaWorkerError {
  if (KafkaWorkerError.is(cause)) return cause;
  return new StoreFailedError(`PostgreSQL: cannot ${what}: ${ensureError(cause).message}`, { cause });
}
