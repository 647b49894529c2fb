import { availablePostgres, startPostgres, type PostgresServer } from '@app/services';
import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import pg from 'pg';
import { postgresStore, type PostgresStoreOptions } from '../../src/index.js';
import type { TransactionalStore } from '@kafka-worker/engine';

/** Left out on a machine without a server; with CI set they fail there instead. */
export function describeOnServer(name: string, tests: () => void): void {
  (availablePostgres() || process.env['CI'] ? describe : describe.skip)(name, tests);
}

/** The same for tests that kill their server, which that of DATABASE_URL is not for. */
export function describeOnOwnServer(name: string, tests: () => void): void {
  (availablePostgres({ own: true }) || process.env['CI'] ? describe : describe.skip)(name, tests);
}

/** What {@link useServer} gives, to be called inside of tests. */
export interface TestServer {
  server(): PostgresServer;
  /** Not that of any store. */
  pool(): pg.Pool;
  /** A pool that is ended with the test. */
  newPool(config?: pg.PoolConfig): pg.Pool;
  /** An open store on tables and a pool of its own, closed with the test. */
  newStore(
    options?: PostgresStoreOptions & { pool?: pg.Pool; prepare?: boolean },
  ): Promise<TransactionalStore<pg.PoolClient>>;
}

/** One server for the tests of a file. */
export function useServer({ own = false } = {}): TestServer {
  let server: PostgresServer;
  let pool: pg.Pool;
  let tables = 0;
  const enders: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    server = await startPostgres({ own });
    pool = new pg.Pool({ connectionString: server.url });
    pool.on('error', () => undefined);
  }, 60_000);
  afterEach(async () => {
    for (const end of enders.splice(0).reverse()) await end();
  });
  afterAll(async () => {
    await pool?.end();
    await server?.stop();
  }, 60_000);
  const newPool = (config: pg.PoolConfig = {}): pg.Pool => {
    const made = new pg.Pool({ connectionString: server.url, max: 20, ...config });
    enders.push(() => made.end());
    return made;
  };
  return {
    server: () => server,
    pool: () => pool,
    newPool,
    newStore: async ({ pool: given, ...options } = {}) => {
      const where = { prefix: `t${(tables += 1)}_`, ...options };
      // whoever stops transactions at their COMMIT does not mean the one that makes tables
      const maker = postgresStore({ ...where, pool });
      await maker.open();
      await maker.close();
      const store = postgresStore<pg.PoolClient>({ ...where, pool: given ?? newPool() });
      enders.push(() => store.close());
      await store.open();
      return store;
    },
  };
}
