import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { availableRedis, startRedis, type RedisService } from '../src/index.js';

(availableRedis({ ours: true }) ? describe : describe.skip)('a Redis of ours', () => {
  let redis: RedisService;
  const clients: Redis[] = [];

  beforeAll(async () => {
    redis = await startRedis({ ours: true });
  });

  afterAll(async () => {
    // one that has ended would begin a timer of its own
    for (const one of clients) if (one.status !== 'end') one.disconnect();
    await redis.stop();
  });

  const client = (): Redis => {
    const made = new Redis(redis.url, { retryStrategy: () => null });
    made.on('error', () => undefined);
    clients.push(made);
    return made;
  };

  it('keeps what it has acknowledged over kill and restart, on the same address', async () => {
    const one = client();
    await one.set('a', '1');
    const ended = new Promise((resolve) => one.once('end', resolve));
    await redis.kill();
    await ended;
    await expect(client().get('a')).rejects.toThrow();
    await redis.restart();
    expect(await client().get('a')).toBe('1');
  });

  it('says nothing while it is paused', async () => {
    const one = client();
    await one.ping();
    redis.pause();
    let answered = false;
    const asked = one.ping().then(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    redis.unpause();
    await asked;
  });

  it('listens on the loopback interface only, with its data under the directory for temporary files', async () => {
    const [, bind] = (await client().config('GET', 'bind')) as string[];
    expect(bind).toBe('127.0.0.1');
    const [, dir] = (await client().config('GET', 'dir')) as string[];
    expect(existsSync(dir as string)).toBe(true);
    await redis.stop();
    expect(existsSync(dir as string)).toBe(false);
    await redis.stop();
    await expect(redis.restart()).rejects.toThrow('stopped');
  });

  it('is killed by stop even while it is paused', async () => {
    const paused = await startRedis({ ours: true });
    paused.pause();
    await paused.stop();
  });
});

describe('REDIS_URL', () => {
  it('is used as it is, and its Redis is not ours to kill', async () => {
    const before = process.env['REDIS_URL'];
    process.env['REDIS_URL'] = 'redis://127.0.0.1:1';
    try {
      expect(availableRedis()).toBe(true);
      const foreign = await startRedis();
      expect(foreign).toMatchObject({ url: 'redis://127.0.0.1:1', isOurs: false });
      await expect(foreign.kill()).rejects.toThrow('not ours');
      expect(() => foreign.pause()).toThrow('not ours');
      await foreign.stop();
    } finally {
      if (before === undefined) delete process.env['REDIS_URL'];
      else process.env['REDIS_URL'] = before;
    }
  });
});

describe('a machine without Redis', () => {
  const without = async (ci: string, test: () => Promise<void>): Promise<void> => {
    const { PATH, CI, REDIS_URL } = process.env;
    Object.assign(process.env, { PATH: '/nowhere', CI: ci });
    delete process.env['REDIS_URL'];
    try {
      await test();
    } finally {
      Object.assign(process.env, { PATH, CI: CI ?? '' });
      if (REDIS_URL !== undefined) process.env['REDIS_URL'] = REDIS_URL;
    }
  };

  it('has its tests passed over', async () => {
    await without('', async () => expect(availableRedis()).toBe(false));
  });

  it('has them failed in CI', async () => {
    await without('true', async () => {
      expect(availableRedis()).toBe(true);
      await expect(startRedis()).rejects.toThrow('No Redis');
    });
  });
});
