import { StoreFailedError } from '@kafka-worker/engine';
import { expect, it } from '@jest/globals';
import { postgresIdempotency, postgresIdempotencySql, postgresStore, postgresStoreSql } from '../src/index.js';
import { describeOnServer, useServer } from './support/server.js';

const orders = { groupId: 'shop', topic: 'orders', partition: 0 };

describeOnServer('open', () => {
  const { newPool, pool } = useServer();

  it('makes the tables once where ten are at it', async () => {
    const where = { schema: 'ten at "once"', prefix: `it's; ` };
    const stores = Array.from({ length: 10 }, () => {
      const own = newPool({ max: 1 });
      return [postgresStore({ pool: own, ...where }), postgresIdempotency({ pool: own, ...where })] as const;
    });
    await Promise.all(stores.flat().map((store) => store.open()));
    const claims = await Promise.all(stores.map(([store]) => store.claim(orders)));
    expect(claims).toHaveLength(10);
    for (const store of stores.flat()) await store.close();
    const { rows } = await pool().query(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'ten at "once"' AND c.relkind = 'r' ORDER BY 1`,
    );
    expect(rows.map((row: { name: string }) => row.name)).toEqual([
      `it's; done`,
      `it's; fences`,
      `it's; keys`,
      `it's; partitions`,
    ]);
  });

  it('works on names that have to be quoted', async () => {
    const where = { schema: 'Names', prefix: '"SELECT" $1 ? :a %s ' };
    const store = postgresStore({ pool: newPool(), ...where });
    const keys = postgresIdempotency({ pool: newPool(), ...where });
    await store.open();
    await keys.open();
    const claim = await store.claim(orders);
    expect(await claim.transact(3, () => undefined)).toBe('done');
    await claim.advance(4);
    expect((await store.claim(orders)).position).toEqual({ offset: 4, done: [] });
    expect(await keys.acquire('a', 'one', 1_000)).toEqual({ state: 'acquired' });
    expect(await keys.settle('a', 'one', 1_000)).toBe(true);
    expect(await keys.sweep()).toBe(0);
  });

  it('can be called again, and again after close', async () => {
    const store = postgresStore({ pool: newPool(), prefix: 'again_' });
    await store.open();
    await store.open();
    await store.close();
    await store.open();
    expect((await store.claim(orders)).position).toBeUndefined();
    await store.close();
  });

  it('given `migrate: false`, names what is missing with the SQL that makes it', async () => {
    const where = { schema: 'by_hand', prefix: 'own_', migrate: false };
    const store = postgresStore({ pool: newPool(), ...where });
    const keys = postgresIdempotency({ pool: newPool(), ...where });
    const failure: unknown = await store.open().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreFailedError);
    const { message } = failure as Error;
    expect(message).toContain('"by_hand"."own_partitions", "by_hand"."own_fences", "by_hand"."own_done"');
    expect(message).toContain(postgresStoreSql(where));
    await expect(keys.open()).rejects.toThrow('"by_hand"."own_keys"');

    for (let time = 0; time < 2; time += 1) {
      await pool().query(postgresStoreSql(where));
      await pool().query(postgresIdempotencySql(where));
    }
    await pool().query('DROP TABLE "by_hand"."own_fences"');
    await expect(store.open()).rejects.toThrow('missing in PostgreSQL: "by_hand"."own_fences". ');
    await pool().query(postgresStoreSql(where));
    await store.open();
    await keys.open();
    expect(await (await store.claim(orders)).transact(1, () => undefined)).toBe('done');
  });

  it('needs no right to make tables where they are there', async () => {
    const where = { schema: 'given' };
    await pool().query(postgresStoreSql(where));
    await pool().query(`CREATE ROLE clerk LOGIN`);
    await pool().query(`GRANT USAGE ON SCHEMA given TO clerk`);
    await pool().query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA given TO clerk`);
    const clerk = newPool({ options: '-c role=clerk' });
    const store = postgresStore({ pool: clerk, ...where });
    await store.open();
    const claim = await store.claim(orders);
    expect(await claim.transact(1, () => undefined)).toBe('done');
    await claim.advance(2);
    // and without the tables says what the server says
    const other = postgresStore({ pool: clerk, schema: 'not_given' });
    await expect(other.open()).rejects.toMatchObject({ code: 'STORE_FAILED', cause: { code: '42501' } });
    await pool().query('DROP OWNED BY clerk');
    await pool().query('DROP ROLE clerk');
  });
});
