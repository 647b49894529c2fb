import { expect, it } from '@jest/globals';
import type pg from 'pg';
import { Deferred, until } from './support/deferred.js';
import { Effects } from './support/effects.js';
import { describeOnOwnServer, useServer } from './support/server.js';
import { wrappedPool } from './support/wrapped-pool.js';

const orders = { groupId: 'shop', topic: 'orders', partition: 0 };
const code = (expected: string): object => expect.objectContaining({ code: expected }) as object;

describeOnOwnServer('an answer that is lost', () => {
  const { newStore, newPool, pool, server } = useServer({ own: true });
  let tables = 0;
  const newEffects = (): Promise<Effects> => Effects.create(pool(), `effects_${(tables += 1)}`);

  const backendOf = async (client: pg.PoolClient): Promise<number> =>
    (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? -1;
  const terminate = (pid: number): Promise<unknown> => pool().query('SELECT pg_terminate_backend($1)', [pid]);

  it('before the COMMIT has arrived: nothing counts, and the next try is done', async () => {
    const effects = await newEffects();
    let cut = false;
    const own = newPool({ max: 1 });
    const cutting = wrappedPool(own, {
      before: async (text, client) => {
        if (text !== 'COMMIT' || cut) return;
        cut = true;
        await terminate(await backendOf(client));
      },
    });
    const claim = await (await newStore({ pool: cutting })).claim(orders);
    await expect(claim.transact(7, effects.by('first', 7))).rejects.toMatchObject({
      code: 'STORE_FAILED',
      canRetry: true,
    });
    expect(own.totalCount).toBe(0);
    expect(await effects.all()).toEqual([]);
    expect(await claim.transact(7, effects.by('second', 7))).toBe('done');
    expect(await effects.all()).toEqual(['7 second']);
  });

  it('after the COMMIT was carried out: the next try is told so, and takes no effect', async () => {
    const effects = await newEffects();
    const own = newPool({ max: 1 });
    let lost = false;
    const losing = wrappedPool(own, {
      after: async (text, client) => {
        if (text !== 'COMMIT' || lost) return;
        lost = true;
        await terminate(await backendOf(client));
        throw new Error('Connection terminated unexpectedly');
      },
    });
    const claim = await (await newStore({ pool: losing })).claim(orders);
    await expect(claim.transact(7, effects.by('first', 7))).rejects.toEqual(code('STORE_FAILED'));
    expect(await claim.transact(7, effects.by('second', 7))).toBe('already');
    expect(await effects.all()).toEqual(['7 first']);
  });

  it('while the COMMIT is not over: the next try waits for it', async () => {
    const effects = await newEffects();
    const asked = new Deferred();
    const goOn = new Deferred();
    let stopped = false;
    const slow = wrappedPool(newPool(), {
      before: (text) => {
        if (text !== 'COMMIT' || stopped) return;
        stopped = true;
        asked.resolve();
        return goOn.promise;
      },
    });
    const claim = await (await newStore({ pool: slow })).claim(orders);
    const first = claim.transact(7, effects.by('first', 7));
    await asked.promise;
    const second = claim.transact(7, effects.by('second', 7));
    await until('the second waits for the first', async () => {
      const { rows } = await pool().query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%ON CONFLICT DO NOTHING%'`,
      );
      return rows.length > 0;
    });
    goOn.resolve();
    expect(await Promise.all([first, second])).toEqual(['done', 'already']);
    expect(await effects.all()).toEqual(['7 first']);
  });

  it('with the server itself, killed in the middle of eight: what counted counts, the pool recovers', async () => {
    const effects = await newEffects();
    const arrived = new Deferred();
    const goOn = new Deferred();
    let here = 0;
    const stopping = wrappedPool(newPool({ max: 8 }), {
      before: (text) => {
        if (text !== 'COMMIT' || here >= 4) return;
        if ((here += 1) === 4) arrived.resolve();
        return goOn.promise;
      },
    });
    const store = await newStore({ pool: stopping });
    const claim = await store.claim(orders);
    const offsets = [1, 2, 3, 4, 5, 6, 7, 8];
    const all = Promise.allSettled(offsets.map((offset) => claim.transact(offset, effects.by('first', offset))));
    await arrived.promise;
    await until('the other four are through', async () => (await effects.all()).length === 4);
    await server().kill();
    goOn.resolve();
    const outcomes = (await all).map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as object)));
    expect(outcomes.filter((one) => one === 'done')).toHaveLength(4);
    expect(outcomes.filter((one) => one !== 'done')).toEqual(Array(4).fill(code('STORE_FAILED')));
    await expect(claim.transact(9, () => undefined)).rejects.toEqual(code('STORE_FAILED'));
    await expect(store.claim(orders)).rejects.toEqual(code('STORE_FAILED'));

    await server().restart();
    const again = await Promise.all(offsets.map((offset) => claim.transact(offset, effects.by('second', offset))));
    expect(again.map((one, index) => (one === 'already') === (outcomes[index] === 'done'))).toEqual(
      offsets.map(() => true),
    );
    expect((await effects.all()).map((effect) => Number(effect.split(' ')[0]))).toEqual(offsets);
    expect((await store.claim(orders)).position).toEqual({ offset: 0, done: [{ from: 1, to: 9 }] });
  }, 30_000);
});
