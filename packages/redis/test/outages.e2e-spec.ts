import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { availableRedis, startRedis, type RedisService } from '@app/services';
import type { IdempotencyStore } from '@kafka-worker/engine';
import { redisIdempotency } from '../src/index.js';
import { LIBRARIES, type TestClient } from './support/libraries.js';
import { openStore } from './support/store.js';
import { eventually } from './support/waiting.js';

/** Longer than any test: what comes free does so because it was given back. Milliseconds. */
const LONG = 3_600_000;
const TIMEOUT_MS = 200;
const failed = { code: 'STORE_FAILED', canRetry: true };

(availableRedis({ ours: true }) ? describe : describe.skip)('an outage of Redis', () => {
  let redis: RedisService;
  beforeAll(async () => {
    redis = await startRedis({ ours: true });
  });
  afterAll(() => redis.stop());

  describe.each(LIBRARIES)('seen through $name', ({ connect }) => {
    let one: TestClient;
    let store: IdempotencyStore;
    beforeEach(async () => {
      one = await connect(redis.url);
      store = await openStore(one, { timeoutMs: TIMEOUT_MS });
    });
    afterEach(async () => {
      redis.unpause(); // a test that failed may have left it paused
      await store.close();
      one.end();
    });

    /** How long a call took until it failed. Milliseconds. */
    const timeToFail = async (call: () => Promise<unknown>): Promise<number> => {
      const before = Date.now();
      await expect(call()).rejects.toMatchObject(failed);
      return Date.now() - before;
    };

    it('killed: every call fails in time, and works again by itself when it is back, with the data', async () => {
      await store.acquire('held', 'a', LONG);
      await store.acquire('settled', 'a', LONG);
      await store.settle('settled', 'a', LONG);
      await redis.kill();
      const calls = [
        () => store.acquire('k', 'a', LONG),
        () => store.renew('held', 'a', LONG),
        () => store.settle('held', 'a', LONG),
        () => store.release('k', 'a'),
      ];
      for (const call of calls) expect(await timeToFail(call)).toBeLessThan(TIMEOUT_MS + 1_000);
      await redis.restart();
      await eventually(async () =>
        store.renew('settled', 'a', LONG).then(
          () => true,
          () => false,
        ),
      );
      expect(await store.acquire('settled', 'b', LONG)).toEqual({ state: 'settled' });
      // The settle above was given up, but a client that queues may have sent it when Redis was back.
      expect((await store.acquire('held', 'b', LONG)).state).toMatch(/^(held|settled)$/);
    });

    it('restarted: the scripts are gone, the data is there', async () => {
      await store.acquire('k', 'a', LONG);
      await redis.restart();
      await eventually(async () =>
        store.renew('k', 'a', LONG).then(
          () => true,
          () => false,
        ),
      );
      expect(await store.acquire('k', 'b', LONG)).toMatchObject({ state: 'held' });
      expect(await store.settle('k', 'a', LONG)).toBe(true);
      expect(await store.acquire('k', 'b', LONG)).toEqual({ state: 'settled' });
    });

    it('slow: a call is given up, and what it did later is undone', async () => {
      redis.pause();
      const [first, second] = [store.acquire('k', 'a', LONG), store.acquire('k', 'b', LONG)];
      await expect(first).rejects.toMatchObject({ ...failed, message: expect.stringContaining('acquire') });
      await expect(second).rejects.toMatchObject(failed);
      redis.unpause();
      // Redis gets to see both now, a takes the key, and nobody is left who would work on it
      await eventually(async () => (await store.acquire('k', 'c', LONG)).state === 'acquired');
    });

    it('slow: a mark that comes late counts, as long as nobody has the key', async () => {
      await store.acquire('k', 'a', LONG);
      redis.pause();
      await expect(store.settle('k', 'a', LONG)).rejects.toMatchObject(failed);
      redis.unpause();
      await eventually(async () => (await store.acquire('k', 'b', LONG)).state === 'settled');
    });

    it('slow: closing does not wait for answers, of a client of its own neither', async () => {
      const own = redisIdempotency({ client: async () => (await connect(redis.url)).client, timeoutMs: TIMEOUT_MS });
      await own.open();
      redis.pause();
      const asked = own.acquire('k', 'a', LONG);
      const before = Date.now();
      await Promise.all([own.close(), expect(asked).rejects.toMatchObject(failed)]);
      expect(Date.now() - before).toBeLessThan(TIMEOUT_MS + 1_000);
    });

    it('at the start: open fails in time, with a client that was given', async () => {
      const given = redisIdempotency({ client: one.client, timeoutMs: TIMEOUT_MS });
      redis.pause();
      expect(await timeToFail(() => given.open())).toBeLessThan(TIMEOUT_MS + 1_000);
      redis.unpause();
      await given.open();
      expect(await given.acquire('k', 'a', LONG)).toEqual({ state: 'acquired' });
      await given.close();
    });

    it('at the start: a client that was made too late is closed', async () => {
      const made: TestClient[] = [];
      const own = redisIdempotency({
        client: async () => {
          const late = await connect(redis.url); // the connection stands, the first answer does not come
          made.push(late);
          return late.client;
        },
        timeoutMs: TIMEOUT_MS,
      });
      redis.pause();
      expect(await timeToFail(() => own.open())).toBeLessThan(TIMEOUT_MS + 1_000);
      expect(made).toEqual([]);
      redis.unpause();
      await eventually(async () => made.length === 1);
      await eventually(async () =>
        (made[0] as TestClient).send('PING').then(
          () => false,
          () => true,
        ),
      );
    });
  });
});
