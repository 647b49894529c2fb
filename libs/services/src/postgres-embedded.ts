import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import pg from 'pg';

/** A PostgreSQL inside of this process, empty at the start, in memory only. */
export interface EmbeddedPostgres {
  /**
   * A real `pg` pool with one connection, since there is one session: transactions run one after the other, and a query
   * of the pool inside of one would wait for ever.
   */
  readonly pool: pg.Pool;
  /** Ends pool and database. Idempotent. */
  stop(): Promise<void>;
}

/** For demo and recipes on a machine without a server; tests of promises want {@link startPostgres}. */
export async function embeddedPostgres(): Promise<EmbeddedPostgres> {
  const database = await PGlite.create();
  // A connection that was idle must not be closed: there is no other.
  const pool = new pg.Pool({ ...createPgConfig(database), max: 1, idleTimeoutMillis: 0 });
  let stopped: Promise<void> | undefined;
  return {
    pool,
    stop: () => (stopped ??= pool.end().then(() => database.close())),
  };
}
