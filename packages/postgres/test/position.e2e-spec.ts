import { expect, it } from '@jest/globals';
import pg from 'pg';
import { describeOnServer, useServer } from './support/server.js';

const orders = { groupId: 'shop', topic: 'orders', partition: 0 };
const BIGINT = 20;
const parserOf = pg.types.getTypeParser as (id: number, format?: string) => (value: string | Buffer) => unknown;
const nothing = (): void => {};

describeOnServer('the position', () => {
  const { newStore, newPool, pool } = useServer();

  it('is unknown where the group has never been', async () => {
    const store = await newStore();
    expect((await store.claim(orders)).position).toBeUndefined();
    expect((await store.claim(orders)).position).toBeUndefined();
  });

  it('survives the process: what is settled above the frontier is in it, each run once', async () => {
    const prefix = 'survives_';
    const first = await newStore({ prefix });
    const claim = await first.claim(orders);
    await claim.advance(100);
    for (const offset of [107, 103, 102, 110, 109]) expect(await claim.transact(offset, nothing)).toBe('done');
    await first.close();
    const second = await newStore({ prefix });
    expect((await second.claim(orders)).position).toEqual({
      offset: 100,
      done: [
        { from: 102, to: 104 },
        { from: 107, to: 108 },
        { from: 109, to: 111 },
      ],
    });
  });

  it('takes in what touches it', async () => {
    const store = await newStore();
    const claim = await store.claim(orders);
    await claim.advance(5);
    for (const offset of [5, 6, 8]) await claim.transact(offset, nothing);
    expect((await store.claim(orders)).position).toEqual({ offset: 7, done: [{ from: 8, to: 9 }] });
  });

  it('starts from 0 where records were settled and nothing was said of those below', async () => {
    const store = await newStore();
    await (await store.claim(orders)).transact(1_000, nothing);
    expect((await store.claim(orders)).position).toEqual({ offset: 0, done: [{ from: 1_000, to: 1_001 }] });
  });

  it('advances over gaps, never goes back, and deletes what it has passed', async () => {
    const store = await newStore({ prefix: 'advances_' });
    const claim = await store.claim(orders);
    for (const offset of [3, 4, 90]) await claim.transact(offset, nothing);
    await claim.advance(50);
    await claim.advance(20);
    expect((await store.claim(orders)).position).toEqual({ offset: 50, done: [{ from: 90, to: 91 }] });
    expect((await pool().query('SELECT record_offset FROM advances_done')).rows).toEqual([{ record_offset: '90' }]);
  });

  it('is one of each group, topic and partition', async () => {
    const store = await newStore();
    const places = [
      orders,
      { ...orders, partition: 1 },
      { ...orders, topic: 'payments' },
      { ...orders, groupId: `it's "another" ; group $1 ?` },
    ];
    const claims = await Promise.all(places.map((place) => store.claim(place)));
    await Promise.all(claims.map((claim, index) => claim.advance(10 + index)));
    const positions = await Promise.all(places.map(async (place) => (await store.claim(place)).position?.offset));
    expect(positions).toEqual([10, 11, 12, 13]);
  });

  it('is exact for offsets as large as they get', async () => {
    const store = await newStore();
    const claim = await store.claim(orders);
    await claim.advance(Number.MAX_SAFE_INTEGER - 10);
    await claim.transact(Number.MAX_SAFE_INTEGER - 1, nothing);
    expect((await store.claim(orders)).position).toEqual({
      offset: Number.MAX_SAFE_INTEGER - 10,
      done: [{ from: Number.MAX_SAFE_INTEGER - 1, to: Number.MAX_SAFE_INTEGER }],
    });
  });

  it('has ten thousand settled records, with a gap after each second one', async () => {
    const store = await newStore({ prefix: 'many_' });
    await (await store.claim(orders)).advance(1);
    await pool().query(
      `INSERT INTO many_done SELECT 'shop', 'orders', 0, n + (n - 1) / 2 + 1 FROM generate_series(1, 10000) AS n`,
    );
    const claim = await store.claim(orders);
    expect(claim.position?.offset).toBe(1);
    expect(claim.position?.done).toHaveLength(5_000);
    expect(claim.position?.done.slice(0, 2)).toEqual([
      { from: 2, to: 4 },
      { from: 5, to: 7 },
    ]);
    expect(await claim.transact(2, nothing)).toBe('already');
    await claim.advance(15_000);
    expect((await pool().query('SELECT count(*) FROM many_done')).rows).toEqual([{ count: '1' }]);
  });

  it('is found whatever the pool makes of bigint, and whatever isolation is the default', async () => {
    const strange = newPool({
      options: '-c default_transaction_isolation=serializable',
      types: { getTypeParser: (id, format) => (id === BIGINT ? BigInt : parserOf(id, format)) },
    });
    const store = await newStore({ pool: strange, prefix: 'strange_' });
    const claim = await store.claim(orders);
    await claim.advance(7);
    await claim.transact(9, async (client) => {
      const { rows } = await client.query<{ transaction_isolation: string }>('SHOW transaction_isolation');
      expect(rows[0]?.transaction_isolation).toBe('serializable');
    });
    expect((await store.claim(orders)).position).toEqual({ offset: 7, done: [{ from: 9, to: 10 }] });
  });
});
