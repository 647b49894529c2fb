export { postgresStore, type PostgresStoreOptions } from './store/postgres-store.js';
export { postgresStoreSql, postgresIdempotencySql, type PostgresTableOptions } from './sql/tables.js';
export type { SqlRow, SqlRun, SqlStatement } from './sql/statement.js';
export type { TransactionRunner } from './runner/transaction-runner.js';
export type { PoolSource, PostgresSource, RunnerSource } from './runner/source.js';
export type { PgClient, PgPool, PgResult } from './runner/pg-pool.js';
export {
  postgresIdempotency,
  type PostgresIdempotencyOptions,
  type PostgresIdempotencyStore,
} from './idempotency/postgres-idempotency.js';
