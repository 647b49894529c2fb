import { KafkaWorkerError } from '@kafka-worker/engine';
import { expect, it } from '@jest/globals';
import type pg from 'pg';
import { Deferred, until } from './support/deferred.js';
import { Effects } from './support/effects.js';
import { describeOnServer, useServer } from './support/server.js';
import { wrappedPool } from './support/wrapped-pool.js';

const orders = { groupId: 'shop', topic: 'orders', partition: 0 };
const nothing = (): void => {};
const code = (expected: string): object => expect.objectContaining({ code: expected }) as object;

describeOnServer('a new claim', () => {
  const { newStore, newPool, pool } = useServer();

  /** Two stores on the same tables, the first with transactions that stop before COMMIT until they are let go. */
  async function oldAndNew(prefix: string, options: { claimTimeoutMs?: number; commitTimeoutMs?: number } = {}) {
    const effects = await Effects.create(pool(), `${prefix}effects`);
    const atCommit = new Deferred();
    const letGo = new Deferred();
    const slow = wrappedPool(newPool(), {
      before: (text) => {
        if (text !== 'COMMIT') return;
        atCommit.resolve();
        return letGo.promise;
      },
    });
    const old = await newStore({ pool: slow, prefix, ...options });
    const young = await newStore({ prefix, ...options });
    return { effects, atCommit, letGo, old, young };
  }

  /** Resolves when somebody waits for a lock on the fences of these tables. */
  const claimWaits = (prefix: string): Promise<void> =>
    until('the claim waits', async () => {
      const { rows } = await pool().query(
        `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`,
        [`${prefix}fences" AS f`],
      );
      return rows.length > 0;
    });

  it('fences a transaction that began before it and ends after it', async () => {
    const effects = await Effects.create(pool(), 'late_effects');
    const store = await newStore();
    const old = await store.claim(orders);
    const inWork = new Deferred();
    const goOn = new Deferred();
    const late = old.transact(7, async (client) => {
      await effects.by('old', 7)(client);
      inWork.resolve();
      await goOn.promise;
    });
    await inWork.promise;
    const young = await store.claim(orders);
    expect(young.position).toBeUndefined();
    goOn.resolve();
    await expect(late).rejects.toEqual(code('STORE_FENCED'));
    await expect(old.advance(8)).rejects.toEqual(code('STORE_FENCED'));
    await expect(old.transact(8, effects.by('old', 8))).rejects.toEqual(code('STORE_FENCED'));
    expect(await effects.all()).toEqual([]);
    expect(await young.transact(7, effects.by('young', 7))).toBe('done');
    expect((await store.claim(orders)).position).toEqual({ offset: 0, done: [{ from: 7, to: 8 }] });
    expect(await effects.all()).toEqual(['7 young']);
  });

  it('waits for a COMMIT under way, and its position has it', async () => {
    const { effects, atCommit, letGo, old, young } = await oldAndNew('waits_');
    const last = (await old.claim(orders)).transact(7, effects.by('old', 7));
    await atCommit.promise;
    const claiming = young.claim(orders);
    await claimWaits('waits_');
    letGo.resolve();
    expect(await last).toBe('done');
    const claim = await claiming;
    expect(claim.position).toEqual({ offset: 0, done: [{ from: 7, to: 8 }] });
    expect(await claim.transact(7, effects.by('young', 7))).toBe('already');
    expect(await effects.all()).toEqual(['7 old']);
  });

  it('turns away transactions that come to their end while it waits', async () => {
    const { effects, atCommit, letGo, old, young } = await oldAndNew('turns_');
    const former = await old.claim(orders);
    const last = former.transact(7, effects.by('old', 7));
    await atCommit.promise;
    const claiming = young.claim(orders);
    await claimWaits('turns_');
    // neither waits for the claim nor makes it wait longer
    await expect(former.transact(8, effects.by('old', 8))).rejects.toEqual(code('STORE_FENCED'));
    await expect(former.advance(8)).rejects.toEqual(code('STORE_FENCED'));
    letGo.resolve();
    await last;
    expect((await claiming).position).toEqual({ offset: 0, done: [{ from: 7, to: 8 }] });
    expect(await effects.all()).toEqual(['7 old']);
  });

  it('gives up after claimTimeoutMs, can be tried again, and fences meanwhile', async () => {
    const { effects, atCommit, letGo, old, young } = await oldAndNew('gives_up_', { claimTimeoutMs: 50 });
    const former = await old.claim(orders);
    const last = former.transact(7, effects.by('old', 7));
    await atCommit.promise;
    const failure: unknown = await young.claim(orders).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'STORE_FAILED', canRetry: true, cause: { code: '55P03' } });
    expect((failure as Error).message).toMatch(/claim orders\/0 of group shop.*50 ms/);
    await expect(former.transact(8, nothing)).rejects.toEqual(code('STORE_FENCED'));
    letGo.resolve();
    expect(await last).toBe('done');
    expect((await young.claim(orders)).position).toEqual({ offset: 0, done: [{ from: 7, to: 8 }] });
  });

  it('leaves the limit of its wait behind on no connection', async () => {
    const single = newPool({ max: 1 });
    const store = await newStore({ pool: single, claimTimeoutMs: 77 });
    const claim = await store.claim(orders);
    await claim.transact(1, nothing);
    const { rows } = await single.query(
      `SELECT current_setting('lock_timeout') AS wait, current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    expect(rows).toEqual([{ wait: '0', idle: '0' }]);
  });

  it('comes through when the former owner hangs before COMMIT: the server ends that after commitTimeoutMs', async () => {
    const { effects, atCommit, letGo, old, young } = await oldAndNew('hangs_', { commitTimeoutMs: 100 });
    const last = (await old.claim(orders)).transact(7, effects.by('old', 7));
    const lost = expect(last).rejects.toEqual(code('STORE_FAILED'));
    await atCommit.promise;
    const claim = await young.claim(orders);
    expect(claim.position).toBeUndefined();
    letGo.resolve();
    await lost;
    expect(await claim.transact(7, effects.by('young', 7))).toBe('done');
    expect(await effects.all()).toEqual(['7 young']);
  });

  it('fences serializable transactions too, whose sight is older than the claim', async () => {
    const effects = await Effects.create(pool(), 'serializable_effects');
    const store = await newStore();
    const old = await store.claim(orders);
    for (const level of ['REPEATABLE READ', 'SERIALIZABLE']) {
      const former = await store.claim(orders);
      await expect(
        former.transact(7, async (client) => {
          await client.query(`SET TRANSACTION ISOLATION LEVEL ${level}`);
          await effects.by('old', 7)(client);
          await store.claim(orders);
        }),
      ).rejects.toEqual(code('STORE_FENCED'));
    }
    await expect(old.transact(7, nothing)).rejects.toEqual(code('STORE_FENCED'));
    expect(await effects.all()).toEqual([]);
  });

  it('is one of twenty at the same time: the newest owns the partition, no effect is there twice', async () => {
    const effects = await Effects.create(pool(), 'racing_effects');
    const store = await newStore({ pool: newPool({ max: 40 }) });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const claim = await store.claim(orders);
        try {
          return await claim.transact(7, effects.by(String(index), 7));
        } catch (error) {
          return KafkaWorkerError.is(error) ? error.code : error;
        }
      }),
    );
    const counted = (outcome: string): number => outcomes.filter((one) => one === outcome).length;
    expect(counted('done')).toBe(1);
    expect(counted('done') + counted('already') + counted('STORE_FENCED')).toBe(20);
    expect(await effects.all()).toHaveLength(1);
    expect((await store.claim(orders)).position).toEqual({ offset: 0, done: [{ from: 7, to: 8 }] });
  });

  it('hands out each epoch once, also when twenty ask for the first', async () => {
    const store = await newStore({ prefix: 'epochs_' });
    const claims = await Promise.all(Array.from({ length: 20 }, () => store.claim(orders)));
    const settled = await Promise.allSettled(claims.map((claim) => claim.advance(1)));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { rows } = await pool().query<pg.QueryResultRow>(
      'SELECT p.epoch AS given, f.epoch AS fenced FROM epochs_partitions p JOIN epochs_fences f USING (group_id)',
    );
    expect(rows).toEqual([{ given: '20', fenced: '20' }]);
  });
});
