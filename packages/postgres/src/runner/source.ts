import { ConfigurationError } from '@kafka-worker/engine';
import type { PgClient, PgPool } from './pg-pool.js';
import { PgRunner } from './pg-runner.js';
import type { TransactionRunner } from './transaction-runner.js';

/** A pool of `pg`. It stays yours: nobody here ends it. */
export interface PoolSource<C extends PgClient = PgClient> {
  readonly pool: PgPool<C>;
}

/** Any other library: see {@link TransactionRunner}. */
export interface RunnerSource<T = unknown> {
  readonly runner: TransactionRunner<T>;
}

/** Where connections come from. */
export type PostgresSource<T = unknown> = PoolSource | RunnerSource<T>;

/** @throws ConfigurationError where there is neither pool nor runner */
export function runnerOf(where: string, source: PostgresSource): TransactionRunner {
  const { pool, runner } = source as Partial<PoolSource & RunnerSource>;
  if (typeof runner?.transaction === 'function') return runner;
  if (typeof pool?.connect === 'function') return new PgRunner(pool);
  throw new ConfigurationError([{ where, message: 'needs `pool`, a Pool of pg, or `runner`, a TransactionRunner' }]);
}
