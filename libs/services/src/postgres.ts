import { findBinaries } from './postgres-binaries.js';
import { PostgresUnavailableError } from './postgres-errors.js';
import { foreignDatabase } from './postgres-foreign.js';
import { LocalPostgres } from './postgres-local.js';

/** A PostgreSQL with one empty database. */
export interface PostgresServer {
  /** For `new Pool({ connectionString: url })`. The same over `kill` and `restart`. */
  readonly url: string;
  /**
   * SIGKILL: every connection breaks, nothing is tidied up. Waits for its end. @throws NotOurPostgresError with
   * DATABASE_URL
   */
  kill(): Promise<void>;
  /**
   * Starts it again, with what had been committed; ends it first where it runs. Waits until it takes connections.
   * @throws NotOurPostgresError with DATABASE_URL; PostgresServerError where it does not come back
   */
  restart(): Promise<void>;
  /** Ends what was started and deletes all data. Idempotent. */
  stop(): Promise<void>;
}

/** Where a PostgreSQL can come from. */
export type PostgresSource = 'env' | 'local';

/**
 * `env` where DATABASE_URL is set, `local` with the server's programs on this machine, else undefined. Starts nothing.
 */
export function availablePostgres({ own = false } = {}): PostgresSource | undefined {
  if (!own && databaseUrl() !== '') return 'env';
  return findBinaries() === undefined ? undefined : 'local';
}

/**
 * A server for tests, demo or benches: on a free port of 127.0.0.1, with its data under the temporary directory and
 * without fsync, real in everything else. It cannot outlive this process. With DATABASE_URL: a database of its own on
 * that server. Given `own: true`, DATABASE_URL does not count: for those who kill it.
 *
 * @throws PostgresUnavailableError where there is none; PostgresServerError where it does not come up
 */
export async function startPostgres({ own = false } = {}): Promise<PostgresServer> {
  if (availablePostgres({ own }) === 'env') return foreignDatabase(databaseUrl());
  const binaries = findBinaries();
  if (binaries === undefined) throw new PostgresUnavailableError();
  return LocalPostgres.start(binaries);
}

function databaseUrl(): string {
  return process.env['DATABASE_URL'] ?? '';
}
