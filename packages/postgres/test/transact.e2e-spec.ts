import { expect, it } from '@jest/globals';
import type pg from 'pg';
import { Deferred, until } from './support/deferred.js';
import { Effects } from './support/effects.js';
import { describeOnServer, useServer } from './support/server.js';
import { wrappedPool } from './support/wrapped-pool.js';

const orders = { groupId: 'shop', topic: 'orders', partition: 0 };
const nothing = (): void => {};
const code = (expected: string): object => expect.objectContaining({ code: expected }) as object;

describeOnServer('transact', () => {
  const { newStore, newPool, pool } = useServer();
  let tables = 0;
  const newEffects = (): Promise<Effects> => Effects.create(pool(), `effects_${(tables += 1)}`);

  it('takes effect once, however often it is tried', async () => {
    const effects = await newEffects();
    const claim = await (await newStore()).claim(orders);
    expect(await claim.transact(7, effects.by('first', 7))).toBe('done');
    expect(await claim.transact(7, effects.by('second', 7))).toBe('already');
    await claim.advance(8);
    expect(await claim.transact(7, effects.by('third', 7))).toBe('already');
    expect(await effects.all()).toEqual(['7 first']);
  });

  it('takes effect once where two are at the same record at once', async () => {
    const effects = await newEffects();
    const both = [new Deferred(), new Deferred()];
    const claim = await (await newStore()).claim(orders);
    const outcomes = await Promise.all(
      both.map((mine, index) =>
        claim.transact(7, async (client) => {
          await effects.by(String(index), 7)(client);
          mine.resolve();
          await Promise.all(both.map(({ promise }) => promise));
        }),
      ),
    );
    expect(outcomes.sort()).toEqual(['already', 'done']);
    expect(await effects.all()).toHaveLength(1);
  });

  it('runs many of one claim side by side, from their first statement to their COMMIT', async () => {
    // each goes on only when all are where it is: one that waited for another would wait for ever
    const meet = (): (() => Promise<void>) => {
      const all = new Deferred();
      let here = 0;
      return () => {
        if ((here += 1) === 8) all.resolve();
        return all.promise;
      };
    };
    const effects = await newEffects();
    const [inWork, atCommit] = [meet(), meet()];
    const together = wrappedPool(newPool(), { before: (text) => (text === 'COMMIT' ? atCommit() : undefined) });
    const store = await newStore({ pool: together });
    const claim = await store.claim(orders);
    const offsets = [1, 2, 3, 4, 5, 6, 7, 8];
    const outcomes = await Promise.all(
      offsets.map((offset) =>
        claim.transact(offset, async (client) => {
          await effects.by('one', offset)(client);
          await inWork();
        }),
      ),
    );
    expect(outcomes).toEqual(offsets.map(() => 'done'));
    expect(await effects.all()).toHaveLength(8);
  });

  it('does not keep others from advancing', async () => {
    const inWork = new Deferred();
    const goOn = new Deferred();
    const atCommit = new Deferred();
    const slow = wrappedPool(newPool(), {
      before: (text) => {
        if (text !== 'COMMIT') return;
        atCommit.resolve();
        return goOn.promise;
      },
    });
    const claim = await (await newStore({ pool: slow })).claim(orders);
    const first = claim.transact(5, () => (inWork.resolve(), goOn.promise));
    await inWork.promise;
    const second = claim.transact(6, nothing);
    await atCommit.promise;
    await claim.advance(5);
    goOn.resolve();
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
  });

  it('lets a serializable transaction commit though the partition was advanced meanwhile', async () => {
    const effects = await newEffects();
    const claim = await (await newStore()).claim(orders);
    const outcome = await claim.transact(7, async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
      await effects.by('one', 7)(client);
      await claim.advance(6);
    });
    expect(outcome).toBe('done');
  });

  it.each([true, false])('prepares its statement where it may: %s', async (prepare) => {
    const single = newPool({ max: 1 });
    const stores = [await newStore({ pool: single, prepare }), await newStore({ pool: single, prepare })];
    for (const store of stores) {
      const claim = await store.claim(orders);
      for (const offset of [1, 2]) expect(await claim.transact(offset, nothing)).toBe('done');
      expect(await claim.transact(2, nothing)).toBe('already');
    }
    const { rows } = await single.query(`SELECT 1 FROM pg_prepared_statements WHERE name LIKE 'kafka_worker_%'`);
    expect(rows).toHaveLength(prepare ? stores.length : 0);
  });

  it('throws the very error of the handler, and rolls back', async () => {
    const effects = await newEffects();
    const claim = await (await newStore()).claim(orders);
    for (const thrown of [new Error('no'), 'a string', undefined, Object.freeze({ strange: true })]) {
      const failed = claim.transact(7, async (client) => {
        await effects.by('one', 7)(client);
        throw thrown;
      });
      expect(
        await failed.then(
          () => 'resolved',
          (error: unknown) => [error],
        ),
      ).toEqual([thrown]);
    }
    const error = new Error('the same object');
    expect(
      await claim
        .transact(7, () => {
          throw error;
        })
        .catch((caught: unknown) => caught),
    ).toBe(error);
    expect(await effects.all()).toEqual([]);
    expect(await claim.transact(7, effects.by('one', 7))).toBe('done');
  });

  it('lets errors of the database reach the caller: conflicts are the matter of retries', async () => {
    const effects = await newEffects();
    const claim = await (await newStore()).claim(orders);
    await pool().query('CREATE TABLE counters (value int)');
    await pool().query('INSERT INTO counters VALUES (1)');
    const conflict = claim.transact(7, async (client) => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await client.query('SELECT value FROM counters');
      await pool().query('UPDATE counters SET value = 2');
      await client.query('UPDATE counters SET value = 3');
    });
    await expect(conflict).rejects.toEqual(code('40001'));
    await expect(claim.transact(7, (client) => client.query('SELECT nonsense'))).rejects.toEqual(code('42703'));
    expect(await claim.transact(7, effects.by('one', 7))).toBe('done');
  });

  it('lets a conflict that shows only at COMMIT reach the caller as it is', async () => {
    await pool().query('CREATE TABLE skew (id int, value int)');
    await pool().query('INSERT INTO skew VALUES (1, 0), (2, 0)');
    const store = await newStore();
    const claim = await store.claim(orders);
    const other = await store.claim({ ...orders, partition: 1 });
    const both = [new Deferred(), new Deferred()];
    // each reads what the other writes
    const turn = (client: pg.PoolClient, mine: number): Promise<void> =>
      (async () => {
        await client.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
        await client.query('SELECT sum(value) FROM skew');
        both[mine]?.resolve();
        await Promise.all(both.map(({ promise }) => promise));
        await client.query('UPDATE skew SET value = value + 1 WHERE id = $1', [mine + 1]);
      })();
    const settled = await Promise.allSettled([
      claim.transact(1, (client) => turn(client, 0)),
      other.transact(1, (client) => turn(client, 1)),
    ]);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: '40001' } });
  });

  it('lets a deferred constraint that fails at COMMIT reach the caller as it is', async () => {
    await pool().query('CREATE TABLE singles (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)');
    const claim = await (await newStore()).claim(orders);
    const twice = claim.transact(7, (client) => client.query('INSERT INTO singles VALUES (1), (1)'));
    await expect(twice).rejects.toEqual(code('23505'));
    expect(await claim.transact(7, (client) => client.query('INSERT INTO singles VALUES (1)'))).toBe('done');
  });

  it('says so where a handler goes on after a statement that failed', async () => {
    const effects = await newEffects();
    const claim = await (await newStore()).claim(orders);
    const wentOn = claim.transact(7, async (client) => {
      await effects.by('one', 7)(client);
      await client.query('SELECT nonsense').catch(() => undefined);
    });
    await expect(wentOn).rejects.toThrow(/statement of the handler has failed.*SAVEPOINT/);
    await expect(wentOn).rejects.not.toHaveProperty('code');
    const saved = claim.transact(7, async (client) => {
      await client.query('SAVEPOINT before');
      await client.query('SELECT nonsense').catch(() => client.query('ROLLBACK TO SAVEPOINT before'));
      await effects.by('two', 7)(client);
    });
    expect(await saved).toBe('done');
    expect(await effects.all()).toEqual(['7 two']);
  });

  it('is not done where a statement that nobody waits for fails just before COMMIT', async () => {
    const effects = await newEffects();
    let forgotten: Promise<unknown> | undefined;
    const careless = wrappedPool(newPool(), {
      before: (text, client) => {
        if (text === 'COMMIT') forgotten = client.query('SELECT nonsense').catch(() => undefined);
      },
    });
    const claim = await (await newStore({ pool: careless })).claim(orders);
    await expect(claim.transact(7, effects.by('one', 7))).rejects.toEqual(code('STORE_FAILED'));
    await forgotten;
    expect(await effects.all()).toEqual([]);
  });

  it.each(['COMMIT', 'ROLLBACK'])('is refused where the handler says %s itself', async (statement) => {
    const store = await newStore();
    const claim = await store.claim(orders);
    await expect(claim.transact(7, (client) => client.query(statement))).rejects.toEqual(code('NON_RETRYABLE'));
    expect((await store.claim(orders)).position).toBeUndefined();
  });

  it('keeps its connection where the handler releases it', async () => {
    const claim = await (await newStore()).claim(orders);
    await expect(claim.transact(7, (client) => client.release())).rejects.toEqual(code('NON_RETRYABLE'));
    expect(await claim.transact(7, nothing)).toBe('done');
  });

  it('gives no connection back to the pool that broke, and does not end the process', async () => {
    const own = newPool({ max: 1 });
    const claim = await (await newStore({ pool: own })).claim(orders);
    let thrown: unknown;
    const failed = claim.transact(7, async (client) => {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await pool().query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      try {
        for (;;) await client.query('SELECT 1');
      } catch (error) {
        throw (thrown = error);
      }
    });
    // the handler's own, so it is a failure of the handler
    expect(await failed.catch((error: unknown) => error)).toBe(thrown);
    expect(own.totalCount).toBe(0);
    expect(await claim.transact(7, nothing)).toBe('done');
    expect([own.totalCount, own.idleCount]).toEqual([1, 1]);
  });

  it('outlives idle connections that break', async () => {
    const own = newPool({ max: 3 });
    const store = await newStore({ pool: own });
    const claim = await store.claim(orders);
    const { rows } = await own.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await pool().query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await until('the pool has noticed', () => own.totalCount === 0);
    expect(await claim.transact(7, nothing)).toBe('done');
    await store.close();
    expect(own.listenerCount('error')).toBe(0);
  });

  it('is STORE_FAILED where there is no connection, and after close', async () => {
    const own = newPool({ max: 1, connectionTimeoutMillis: 500 });
    const store = await newStore({ pool: own });
    const claim = await store.claim(orders);
    const taken = await own.connect();
    const answers = await Promise.allSettled([claim.transact(7, nothing), claim.advance(7), store.claim(orders)]);
    expect(answers).toMatchObject(Array(3).fill({ status: 'rejected', reason: { code: 'STORE_FAILED' } }));
    taken.release();
    expect(await claim.transact(7, nothing)).toBe('done');
    await store.close();
    await store.close();
    let called = false;
    await expect(claim.transact(8, () => (called = true))).rejects.toEqual(code('STORE_FAILED'));
    await expect(claim.advance(8)).rejects.toEqual(code('STORE_FAILED'));
    await expect(store.claim(orders)).rejects.toEqual(code('STORE_FAILED'));
    expect(called).toBe(false);
  });
});
