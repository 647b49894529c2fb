import { ConfigurationError } from '@kafka-worker/engine';
import type { PgClient, PgPool } from './pg-pool.js';
import { PgRunner } from './pg-runner.js';
import type { TransactionRunner } from './transaction-runner.js';

/** A pool of `pg`. It stays yours: nobody here ends it. */
export interface PoolSource<C extends PgClient = PgClient> {
  readonly pool: PgPool<C>;
  /**
   * Whether the statement that is sent for each record is prepared, once for each connection. Saves the server about half
   * of its work on it. Has to be false where a pooler between here and the server hands transactions to different
   * connections and knows nothing of prepared statements, like PgBouncer before 1.21. Default true.
   */
  readonly prepare?: boolean;
}

/** Any other library: see {@link TransactionRunner}. */
export interface RunnerSource<T = unknown> {
  readonly runner: TransactionRunner<T>;
}

/** Where connections come from. */
export type PostgresSource<T = unknown> = PoolSource | RunnerSource<T>;

/** @throws ConfigurationError where there is neither pool nor runner */
export function runnerOf(where: string, source: PostgresSource): TransactionRunner {
  const { pool, prepare = true, runner } = source as Partial<PoolSource & RunnerSource>;
  if (typeof runner?.transaction === 'function') return runner;
  if (typeof pool?.connect === 'function') return new PgRunner(pool, prepare);
  throw new ConfigurationError([{ where, message: 'needs `pool`, a Pool of pg, or `runner`, a TransactionRunner' }]);
}
