import { embeddedPostgres } from '@app/services';
import type { TransactionalStore } from '@kafka-worker/engine';
import { expect, it } from '@jest/globals';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { bigint, pgTable } from 'drizzle-orm/pg-core';
import { knex } from 'knex';
import type pg from 'pg';
import { postgresIdempotency, postgresStore, type TransactionRunner } from '../src/index.js';
import { drizzleRunner } from './support/adapters/drizzle.js';
import { knexRunner } from './support/adapters/knex.js';
import { Deferred } from './support/deferred.js';
import { describeOnServer, useServer } from './support/server.js';

const orders = { groupId: 'shop', topic: 'orders', partition: 0 };

/** The promises that an adapter can break. */
async function holds<T>(store: TransactionalStore<T>, insert: (transaction: T, id: number) => Promise<unknown>) {
  await store.open();
  const claim = await store.claim(orders);
  expect(claim.position).toBeUndefined();
  expect(await claim.transact(1, (transaction) => insert(transaction, 1))).toBe('done');
  expect(await claim.transact(1, (transaction) => insert(transaction, 11))).toBe('already');
  const thrown = Object.freeze(new Error('the same object'));
  const failed = claim.transact(2, async (transaction) => {
    await insert(transaction, 2);
    throw thrown;
  });
  expect(await failed.catch((error: unknown) => error)).toBe(thrown);
  const both = [new Deferred(), new Deferred()];
  const sideBySide = both.map((mine, index) =>
    claim.transact(3 + index, async (transaction) => {
      await insert(transaction, 3 + index);
      mine.resolve();
      await Promise.all(both.map(({ promise }) => promise));
    }),
  );
  expect(await Promise.all(sideBySide)).toEqual(['done', 'done']);
  await claim.advance(2);
  let young = claim;
  const late = claim.transact(9, async (transaction) => {
    await insert(transaction, 9);
    young = await store.claim(orders);
  });
  await expect(late).rejects.toMatchObject({ code: 'STORE_FENCED' });
  expect(young.position).toEqual({ offset: 2, done: [{ from: 3, to: 5 }] });
  await store.close();
}

async function keeps(runner: TransactionRunner): Promise<void> {
  const keys = postgresIdempotency({ runner, prefix: 'adapter_' });
  await keys.open();
  expect(await keys.acquire('a', 'one', 60_000)).toEqual({ state: 'acquired' });
  expect(await keys.acquire('a', 'two', 60_000)).toMatchObject({ state: 'held' });
  expect(await keys.renew('a', 'two', 60_000)).toBe(false);
  expect(await keys.renew('a', 'one', 60_000)).toBe(true);
  expect(await keys.settle('a', 'one', 60_000)).toBe(true);
  expect(await keys.acquire('a', 'two', 60_000)).toEqual({ state: 'settled' });
  expect(await keys.sweep()).toBe(0);
  await keys.close();
}

const idsOf = async (pool: pg.Pool, table: string): Promise<number[]> =>
  (await pool.query<{ id: string }>(`SELECT id FROM ${table} ORDER BY id`)).rows.map(({ id }) => Number(id));

describeOnServer('adapters', () => {
  const { newPool, pool, server } = useServer();

  it('Drizzle', async () => {
    const things = pgTable('drizzle_things', { id: bigint({ mode: 'number' }) });
    const runner = drizzleRunner(drizzle(newPool()));
    await pool().query('CREATE TABLE drizzle_things (id bigint)');
    await holds(postgresStore({ runner, prefix: 'drizzle_' }), (transaction, id) =>
      transaction.insert(things).values({ id }),
    );
    expect(await idsOf(pool(), 'drizzle_things')).toEqual([1, 3, 4]);
    await keeps(runner);
  });

  it('Drizzle, with an error of the database', async () => {
    const store = postgresStore({ runner: drizzleRunner(drizzle(newPool())), prefix: 'drizzle_' });
    await store.open();
    const claim = await store.claim(orders);
    let seen: unknown;
    const failed = claim.transact(20, async (transaction) => {
      await transaction.execute(sql`SELECT nonsense`).catch((error: unknown) => {
        seen = error;
        throw error;
      });
    });
    expect(await failed.catch((error: unknown) => error)).toBe(seen);
    // a statement of the handler that failed, and was ignored
    await expect(
      claim.transact(20, (transaction) => transaction.execute(sql`SELECT nonsense`).catch(() => undefined)),
    ).rejects.toThrow('SAVEPOINT');
    await store.close();
  });

  it('Knex', async () => {
    const db = knex({ client: 'pg', connection: server().url, pool: { min: 0, max: 10 } });
    const runner = knexRunner(db);
    await pool().query('CREATE TABLE knex_things (id bigint)');
    await holds(postgresStore({ runner, prefix: 'knex_' }), (transaction, id) =>
      transaction('knex_things').insert({ id }),
    );
    expect(await idsOf(pool(), 'knex_things')).toEqual([1, 3, 4]);
    await pool().query('DROP TABLE IF EXISTS adapter_keys');
    await keeps(runner);
    await db.destroy();
  });
});

it('an embedded PostgreSQL', async () => {
  const { pool, stop } = await embeddedPostgres();
  await pool.query('CREATE TABLE things (id bigint)');
  const store = postgresStore<pg.PoolClient>({ pool });
  await store.open();
  const claim = await store.claim(orders);
  const insert = (id: number) => (client: pg.PoolClient) => client.query('INSERT INTO things VALUES ($1)', [id]);
  expect(await Promise.all([claim.transact(1, insert(1)), claim.transact(2, insert(2))])).toEqual(['done', 'done']);
  expect(await claim.transact(1, insert(11))).toBe('already');
  const error = new Error('the same object');
  expect(await claim.transact(3, () => Promise.reject(error)).catch((caught: unknown) => caught)).toBe(error);
  await claim.advance(2);
  const young = await store.claim(orders);
  expect(young.position).toEqual({ offset: 3, done: [] });
  await expect(claim.transact(5, insert(5))).rejects.toMatchObject({ code: 'STORE_FENCED' });
  expect(await idsOf(pool, 'things')).toEqual([1, 2]);
  const keys = postgresIdempotency({ pool });
  await keys.open();
  expect(await keys.acquire('a', 'one', 60_000)).toEqual({ state: 'acquired' });
  expect(await keys.acquire('a', 'two', 60_000)).toMatchObject({ state: 'held' });
  await keys.close();
  await store.close();
  await stop();
}, 30_000);
