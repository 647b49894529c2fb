import { expect, it } from '@jest/globals';
import { postgresIdempotency, type PostgresIdempotencyOptions, type PostgresIdempotencyStore } from '../src/index.js';
import { until } from './support/deferred.js';
import { describeOnServer, useServer } from './support/server.js';

describeOnServer('idempotency', () => {
  const { newPool, pool } = useServer();
  let tables = 0;

  async function newKeys(options: PostgresIdempotencyOptions = {}) {
    const prefix = `k${(tables += 1)}_`;
    const store = postgresIdempotency({ pool: newPool(), prefix, ...options });
    await store.open();
    return {
      store,
      table: `${prefix}keys`,
      /** As if that much time had passed. */
      pass: (ms: number) =>
        pool().query(`UPDATE ${prefix}keys SET expires_at = expires_at - $1 * interval '1 millisecond'`, [ms]),
      count: async () =>
        Number((await pool().query<{ n: string }>(`SELECT count(*) AS n FROM ${prefix}keys`)).rows[0]?.n),
    };
  }

  const held = (store: PostgresIdempotencyStore, key: string): Promise<unknown> => store.acquire(key, 'another', 1_000);

  it('gives a key to one', async () => {
    const { store } = await newKeys();
    expect(await store.acquire('a', 'one', 10_000)).toEqual({ state: 'acquired' });
    const answer = await store.acquire('a', 'two', 10_000);
    expect(answer).toEqual({ state: 'held', leaseLeftMs: expect.any(Number) });
    const { leaseLeftMs } = answer as { leaseLeftMs: number };
    expect(leaseLeftMs).toBeGreaterThan(9_000);
    expect(leaseLeftMs).toBeLessThanOrEqual(10_000);
    expect(await store.acquire('b', 'two', 10_000)).toEqual({ state: 'acquired' });
  });

  it('gives it again to the one who has it: the answer may have been lost', async () => {
    const { store } = await newKeys();
    await store.acquire('a', 'one', 10_000);
    expect(await store.acquire('a', 'one', 60_000)).toEqual({ state: 'acquired' });
    // for as long as it says now
    const { leaseLeftMs } = (await held(store, 'a')) as { leaseLeftMs: number };
    expect(leaseLeftMs).toBeGreaterThan(50_000);
    await store.settle('a', 'one', 10_000);
    expect(await store.acquire('a', 'one', 10_000)).toEqual({ state: 'settled' });
  });

  it('gives a key to one of fifty who ask at once', async () => {
    const { store, pass } = await newKeys();
    for (const round of ['fresh', 'expired']) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => store.acquire('a', `${round} ${index}`, 10_000)),
      );
      expect(answers.filter(({ state }) => state === 'acquired')).toHaveLength(1);
      expect(answers.filter(({ state }) => state === 'held')).toHaveLength(49);
      await pass(20_000);
    }
  });

  it('remembers a settled key until its time is over', async () => {
    const { store, pass } = await newKeys();
    await store.acquire('a', 'one', 1_000);
    expect(await store.settle('a', 'one', 60_000)).toBe(true);
    expect(await store.settle('a', 'one', 60_000)).toBe(true);
    await pass(50_000);
    expect(await store.acquire('a', 'two', 1_000)).toEqual({ state: 'settled' });
    await pass(20_000);
    expect(await store.acquire('a', 'two', 1_000)).toEqual({ state: 'acquired' });
    expect(await held(store, 'a')).toMatchObject({ state: 'held' });
  });

  it('gives a key on when its lease is over, and the former holder cannot touch it then', async () => {
    const { store, pass } = await newKeys();
    await store.acquire('a', 'one', 1_000);
    await pass(2_000);
    expect(await store.acquire('a', 'two', 60_000)).toEqual({ state: 'acquired' });
    expect(await store.renew('a', 'one', 60_000)).toBe(false);
    expect(await store.settle('a', 'one', 60_000)).toBe(false);
    await store.release('a', 'one');
    expect(await held(store, 'a')).toMatchObject({ state: 'held' });
    expect(await store.settle('a', 'two', 60_000)).toBe(true);
    expect(await store.renew('a', 'two', 60_000)).toBe(false);
    await store.release('a', 'two');
    expect(await held(store, 'a')).toEqual({ state: 'settled' });
  });

  it('lets a holder who is late settle as long as nobody else has the key', async () => {
    const { store, pass } = await newKeys();
    await store.acquire('a', 'one', 1_000);
    await pass(2_000);
    expect(await store.settle('a', 'one', 60_000)).toBe(true);
    expect(await held(store, 'a')).toEqual({ state: 'settled' });
  });

  it('renews from now on', async () => {
    const { store, pass } = await newKeys();
    await store.acquire('a', 'one', 10_000);
    await pass(9_000);
    expect(await store.renew('a', 'one', 60_000)).toBe(true);
    await pass(30_000);
    expect(await held(store, 'a')).toMatchObject({ state: 'held' });
    expect(await store.renew('nothing', 'one', 60_000)).toBe(false);
    expect(await store.settle('nothing', 'one', 60_000)).toBe(false);
  });

  it('gives a key back unsettled', async () => {
    const { store, count } = await newKeys();
    await store.acquire('a', 'one', 60_000);
    await store.release('a', 'one');
    await store.release('a', 'one');
    expect(await count()).toBe(0);
    expect(await store.acquire('a', 'two', 60_000)).toEqual({ state: 'acquired' });
  });

  it('keeps apart keys of any length and with any character', async () => {
    const { store } = await newKeys();
    const long = 'x'.repeat(100_000);
    const keys = ['', ' ', 'a\0', 'a\0b', `it's "$1" ? \\`, 'ключ 🔑', long, `${long}y`];
    for (const key of keys) expect(await store.acquire(key, 'one', 60_000)).toEqual({ state: 'acquired' });
    for (const key of keys) expect(await store.settle(key, 'one', 60_000)).toBe(true);
    for (const key of keys) expect(await held(store, key)).toEqual({ state: 'settled' });
  });

  it('sweeps what is over, the oldest first, and no more than it is told to', async () => {
    const { store, table, count } = await newKeys();
    await pool().query(
      `INSERT INTO ${table} SELECT 'old ' || n, 'one', n % 2 = 0, now() - n * interval '1 minute' FROM generate_series(1, 30) n`,
    );
    await store.acquire('running', 'one', 60_000);
    await store.acquire('settled', 'one', 60_000);
    await store.settle('settled', 'one', 60_000);
    expect(await store.sweep(20)).toBe(20);
    const { rows } = await pool().query<{ key: string }>(`SELECT key FROM ${table} WHERE key LIKE 'old %'`);
    expect(rows.map(({ key }) => Number(key.slice(4))).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await store.sweep()).toBe(10);
    expect(await store.sweep()).toBe(0);
    expect(await count()).toBe(2);
  });

  it('does not wait for a row that somebody has locked', async () => {
    const { store, table, pass, count } = await newKeys();
    await store.acquire('a', 'one', 1_000);
    await store.acquire('b', 'one', 1_000);
    await pass(2_000);
    const client = await pool().connect();
    await client.query('BEGIN');
    await client.query(`SELECT 1 FROM ${table} WHERE key = 'a' FOR UPDATE`);
    expect(await store.sweep()).toBe(1);
    await client.query('ROLLBACK');
    client.release();
    expect(await count()).toBe(1);
  });

  it('sweeps by itself now and then: rows stay few however many keys come', async () => {
    const { store, pass, count } = await newKeys({ sweepEvery: 10 });
    await store.acquire('kept', 'one', 3_600_000);
    for (let round = 0; round < 5; round += 1) {
      for (let key = 0; key < 10; key += 1) await store.acquire(`${round} ${key}`, 'one', 1_000);
      await pass(2_000);
    }
    // of 51; the last ones are swept with those that come after them
    await until('most are gone', async () => (await count()) <= 21);
    await store.close();
    await store.open();
    expect(await held(store, 'kept')).toMatchObject({ state: 'held' });
  });

  it('is STORE_FAILED without a connection, and after close, which can be called twice', async () => {
    const single = newPool({ max: 1, connectionTimeoutMillis: 500 });
    const store = postgresIdempotency({ pool: single, prefix: 'single_' });
    await expect(store.acquire('a', 'one', 1)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await store.open();
    const taken = await single.connect();
    const answers = await Promise.allSettled([
      store.acquire('a', 'one', 1),
      store.renew('a', 'one', 1),
      store.settle('a', 'one', 1),
      store.release('a', 'one'),
      store.sweep(),
    ]);
    const failed = { status: 'rejected', reason: { code: 'STORE_FAILED', canRetry: true } };
    expect(answers).toMatchObject(Array(5).fill(failed));
    taken.release();
    await store.close();
    await store.close();
    await expect(store.acquire('a', 'one', 1)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(single.listenerCount('error')).toBe(0);
  });
});
