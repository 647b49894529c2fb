import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { availableRedis, startRedis, type RedisService } from '@app/services';
import type { IdempotencyStore } from '@kafka-worker/engine';
import { LIBRARIES, type TestClient } from './support/libraries.js';
import { openStore } from './support/store.js';
import { eventually } from './support/waiting.js';

/** Longer than any test. Milliseconds. */
const LONG = 3_600_000;
const acquired = { state: 'acquired' };
const settled = { state: 'settled' };

(availableRedis() ? describe : describe.skip)('idempotency in Redis', () => {
  let redis: RedisService;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  describe.each(LIBRARIES)('through $name', ({ connect }) => {
    let one: TestClient;
    let store: IdempotencyStore;
    let prefix: string;
    beforeAll(async () => {
      one = await connect(redis.url);
    });
    afterAll(() => one.end());
    beforeEach(async () => {
      prefix = `test:${randomUUID()}:`;
      store = await openStore(one, { prefix });
    });

    it('gives a key to the first who asks, and tells others how much of the lease is left', async () => {
      expect(await store.acquire('k', 'a', LONG)).toEqual(acquired);
      const answer = await store.acquire('k', 'b', LONG);
      expect(answer).toMatchObject({ state: 'held' });
      const { leaseLeftMs } = answer as { leaseLeftMs: number };
      expect(leaseLeftMs).toBeGreaterThan(LONG - 60_000);
      expect(leaseLeftMs).toBeLessThanOrEqual(LONG);
      expect(await store.acquire('other', 'b', LONG)).toEqual(acquired);
    });

    it('gives it once to fifty who ask at once over several connections, and who all find it settled then', async () => {
      const clients = await Promise.all([1, 2, 3, 4].map(() => connect(redis.url)));
      const stores = await Promise.all([one, ...clients].map((client) => openStore(client, { prefix })));
      let runs = 0;
      const race = async (racer: number): Promise<string> => {
        const mine = stores[racer % stores.length] as IdempotencyStore;
        for (;;) {
          const token = randomUUID();
          const { state } = await mine.acquire('k', token, LONG);
          if (state === 'settled') return 'found it settled';
          if (state === 'held') continue;
          runs++;
          await new Promise((resolve) => setImmediate(resolve));
          return (await mine.settle('k', token, LONG)) ? 'settled it' : 'lost it';
        }
      };
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, racer) => race(racer)));
      expect(runs).toBe(1);
      expect(outcomes.filter((outcome) => outcome === 'settled it')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'found it settled')).toHaveLength(49);
      for (const { end } of clients) end();
    });

    it('remembers what was settled for as long as it was told to', async () => {
      await store.acquire('k', 'a', LONG);
      expect(await store.settle('k', 'a', 5 * LONG)).toBe(true);
      expect(await store.acquire('k', 'b', LONG)).toEqual(settled);
      expect(Number(await one.send('PTTL', `${prefix}k`))).toBeGreaterThan(4 * LONG);
    });

    it('forgets what was settled when its time is over', async () => {
      await store.acquire('k', 'a', LONG);
      const before = Date.now();
      await store.settle('k', 'a', 50);
      await eventually(async () => (await store.acquire('k', 'b', LONG)).state === 'acquired');
      expect(Date.now() - before).toBeGreaterThanOrEqual(49);
    });

    it('gives a key back at once', async () => {
      await store.acquire('k', 'a', LONG);
      await store.release('k', 'a');
      expect(await store.acquire('k', 'b', LONG)).toEqual(acquired);
    });

    it('gives a key of which the lease is over to the next, and not before', async () => {
      const before = Date.now();
      await store.acquire('k', 'dead', 50);
      await eventually(async () => (await store.acquire('k', 'b', LONG)).state === 'acquired');
      expect(Date.now() - before).toBeGreaterThanOrEqual(49);
    });

    it('holds a key longer by renew', async () => {
      await store.acquire('k', 'a', 60_000);
      expect(await store.renew('k', 'a', LONG)).toBe(true);
      expect(Number(await one.send('PTTL', `${prefix}k`))).toBeGreaterThan(60_000);
    });

    it('lets the token of a former holder do nothing any more', async () => {
      await store.acquire('k', 'former', 1);
      await eventually(async () => (await store.acquire('k', 'b', LONG)).state === 'acquired');
      expect(await store.renew('k', 'former', 2 * LONG)).toBe(false);
      expect(await store.settle('k', 'former', LONG)).toBe(false);
      await store.release('k', 'former');
      expect(await store.acquire('k', 'c', LONG)).toMatchObject({ state: 'held' });
      expect(Number(await one.send('PTTL', `${prefix}k`))).toBeLessThanOrEqual(LONG);
      expect(await store.renew('k', 'b', LONG)).toBe(true);
    });

    it('lets nobody touch what is settled, its own token included', async () => {
      await store.acquire('k', 'a', LONG);
      await store.settle('k', 'a', LONG);
      for (const token of ['a', 'b']) {
        expect(await store.renew('k', token, 5 * LONG)).toBe(false);
        await store.release('k', token);
      }
      expect(await store.settle('k', 'b', 5 * LONG)).toBe(false);
      expect(await store.acquire('k', 'a', LONG)).toEqual(settled);
      expect(Number(await one.send('PTTL', `${prefix}k`))).toBeLessThanOrEqual(LONG);
    });

    it('does nothing for a key that nobody holds', async () => {
      expect(await store.renew('k', 'a', LONG)).toBe(false);
      expect(await store.settle('k', 'a', LONG)).toBe(false);
      await store.release('k', 'a');
      expect(await one.send('EXISTS', `${prefix}k`)).toBe(0);
    });

    it('takes every call a second time, as from a client that got no answer to the first', async () => {
      expect(await store.acquire('k', 'a', LONG)).toEqual(acquired);
      expect(await store.acquire('k', 'a', LONG)).toEqual(acquired);
      expect(await store.settle('k', 'a', LONG)).toBe(true);
      expect(await store.settle('k', 'a', LONG)).toBe(true);
    });

    it('goes on where the server has forgotten its scripts', async () => {
      await store.acquire('k', 'a', LONG);
      await one.send('SCRIPT', 'FLUSH');
      expect(await store.acquire('k', 'b', LONG)).toMatchObject({ state: 'held' });
      expect(await store.settle('k', 'a', LONG)).toBe(true);
    });

    it('keeps one key of its own for each, and takes keys of any text', async () => {
      const keys = ['', 'with space', '{tag}', 'grüße\n\0', 'x'.repeat(10_000)];
      for (const key of keys) expect(await store.acquire(key, 'a', LONG)).toEqual(acquired);
      for (const key of keys) expect(await one.send('EXISTS', prefix + key)).toBe(1);
    });

    it('says what failed without a word of the key, in the error or behind it', async () => {
      await one.send('LPUSH', `${prefix}card-4711`, 'no text');
      const error: unknown = await store.acquire('card-4711', 'a', LONG).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STORE_FAILED', canRetry: true, message: 'redis: acquire failed' });
      const { cause } = error as { cause: Error };
      expect(cause.message).toContain('WRONGTYPE');
      expect(JSON.stringify({ ...cause }) + cause.message).not.toContain('4711');
    });

    it('leaves a client that it was given open, and gives no answer itself once it is closed', async () => {
      await store.close();
      await store.close();
      await expect(store.acquire('k', 'a', LONG)).rejects.toMatchObject({ code: 'STORE_FAILED' });
      expect(await one.send('PING')).toBe('PONG');
    });

    it('closes a client that it was given a function for, and makes another when it is opened again', async () => {
      const made: TestClient[] = [];
      const own = await openStore(one, {
        client: async () => {
          const client = await connect(redis.url);
          made.push(client);
          return client.client;
        },
      });
      expect(await own.acquire('k', 'a', LONG)).toEqual(acquired);
      await own.close();
      await own.close();
      await expect(made[0]?.send('PING')).rejects.toThrow();
      await own.open();
      await own.open();
      expect(await own.acquire('k', 'b', LONG)).toMatchObject({ state: 'held' });
      expect(made).toHaveLength(2);
      await own.close();
    });
  });
});
