import {
  ensureError,
  KafkaWorkerError,
  StoreFailedError,
  type PartitionClaim,
  type StorePartition,
  type TransactionalStore,
} from '@kafka-worker/engine';
import type { PgClient } from '../runner/pg-pool.js';
import { runnerOf, type PoolSource, type PostgresSource, type RunnerSource } from '../runner/source.js';
import type { TransactionRunner } from '../runner/transaction-runner.js';
import { openTables } from '../sql/open-tables.js';
import { LOCK_TIMEOUT, sqlStateOf } from '../sql/sql-state.js';
import type { SqlRow, SqlStatement } from '../sql/statement.js';
import { storeTables, type PostgresTableOptions, type StoreTables } from '../sql/tables.js';
import { PostgresClaim, type ClaimContext } from './claim.js';
import { positionOf } from './position.js';
import { StoreStatements } from './statements.js';

/** Options of {@link postgresStore}, beside `pool` or `runner`. */
export interface PostgresStoreOptions extends PostgresTableOptions {
  /**
   * Whether `open` makes the tables where they are missing. With false it checks, and names what is missing with the SQL
   * that makes it. Default true.
   */
  readonly migrate?: boolean;
  /**
   * How long a claim waits for a former owner's COMMIT under way before it fails and is tried again. Milliseconds.
   * Default 5,000.
   */
  readonly claimTimeoutMs?: number;
  /**
   * How long a transaction may stand between its last statement and COMMIT before the server ends it: what a process
   * that hangs there costs its successor at most. Milliseconds. Default 10,000.
   */
  readonly commitTimeoutMs?: number;
}

/**
 * Keeps the offsets of groups in PostgreSQL, in the transactions of handlers. For `exactlyOnce(store)`.
 *
 * @throws ConfigurationError where options are wrong
 */
export function postgresStore<C extends PgClient = PgClient>(
  options: PostgresStoreOptions & PoolSource<C>,
): TransactionalStore<C>;
export function postgresStore<T>(options: PostgresStoreOptions & RunnerSource<T>): TransactionalStore<T>;
export function postgresStore(options: PostgresStoreOptions & PostgresSource): TransactionalStore {
  return new PostgresStore(runnerOf('postgresStore', options), options);
}

/**
 * new     nothing was asked of it
 * open    its tables are there
 * closed  for good
 */
type State = 'new' | 'open' | 'closed';

class PostgresStore<T> implements TransactionalStore<T> {
  readonly name = 'postgres';
  readonly #tables: StoreTables;
  readonly #statements: StoreStatements;
  readonly #context: ClaimContext<T>;
  readonly #claimMs: number;
  readonly #migrate: boolean;
  #state: State = 'new';

  constructor(
    private readonly runner: TransactionRunner<T>,
    options: PostgresStoreOptions,
  ) {
    this.#tables = storeTables(options);
    this.#statements = new StoreStatements(this.#tables);
    this.#claimMs = options.claimTimeoutMs ?? 5_000;
    this.#migrate = options.migrate ?? true;
    this.#context = {
      runner,
      statements: this.#statements,
      commitMs: options.commitTimeoutMs ?? 10_000,
      assertOpen: () => this.#assertOpen(),
    };
  }

  async open(): Promise<void> {
    try {
      if (this.#state !== 'open') await this.runner.open?.();
      this.#state = 'open';
      await openTables(this.runner, this.#tables, this.#migrate);
    } catch (error) {
      throw failed('open', error);
    }
  }

  async claim(partition: StorePartition): Promise<PartitionClaim<T>> {
    this.#assertOpen();
    try {
      const [row] = await this.#ask(this.#statements.nextEpoch(partition, this.#claimMs));
      const epoch = String(row?.['epoch']);
      await this.#ask(this.#statements.raiseFence(partition, epoch, this.#claimMs));
      // A statement of its own: its snapshot is taken after the wait, so it sees all that was waited for.
      const position = positionOf(await this.#ask(this.#statements.position(partition)));
      return new PostgresClaim(this.#context, partition, epoch, position);
    } catch (error) {
      const { topic, partition: number, groupId } = partition;
      const what = `claim ${topic}/${number} of group ${groupId}`;
      if (sqlStateOf(error) !== LOCK_TIMEOUT) throw failed(what, error);
      throw new StoreFailedError(
        `PostgreSQL: ${what}: a former owner's transaction has been between its last statement and COMMIT for more than ` +
          `${this.#claimMs} ms. It cannot settle anything else; the claim can be tried again`,
        { cause: error },
      );
    }
  }

  async close(): Promise<void> {
    const before = this.#state;
    this.#state = 'closed';
    if (before !== 'open') return;
    try {
      await this.runner.close?.();
    } catch {
      // it promised not to; there is nobody left who could do anything about it
    }
  }

  #ask(statement: SqlStatement): Promise<readonly SqlRow[]> {
    return this.runner.query(statement);
  }

  #assertOpen(): void {
    if (this.#state !== 'open') throw new StoreFailedError(`PostgreSQL: the store is ${this.#state}, not open`);
  }
}

function failed(what: string, cause: unknown): KafkaWorkerError {
  if (KafkaWorkerError.is(cause)) return cause;
  return new StoreFailedError(`PostgreSQL: cannot ${what}: ${ensureError(cause).message}`, { cause });
}
