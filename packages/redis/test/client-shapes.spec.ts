import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '@kafka-worker/engine';
import { redisIdempotency, type IoredisClient, type NodeRedisClient, type RedisClient } from '../src/index.js';

/** A client of ioredis' shape that gives one answer. */
function ioredisLike(answer: (call: string, args: readonly unknown[]) => unknown): IoredisClient {
  const ask =
    (call: string) =>
    async (...args: unknown[]) =>
      answer(call, args);
  return {
    evalsha: ask('evalsha'),
    eval: ask('eval'),
    quit: ask('quit'),
    disconnect: () => void answer('disconnect', []),
    status: 'ready',
  };
}

/** A client of node-redis' shape that gives one answer. `close`: from version 5 on. */
function nodeRedisLike(answer: (call: string, args: readonly unknown[]) => unknown, version: 4 | 5): NodeRedisClient {
  const ask =
    (call: string) =>
    async (...args: unknown[]) =>
      answer(call, args);
  const ends =
    version === 4
      ? { quit: ask('quit'), disconnect: ask('disconnect') }
      : { close: ask('close'), destroy: ask('destroy') };
  return { evalSha: ask('evalSha'), eval: ask('eval'), ...ends };
}

describe('a client', () => {
  it('of ioredis is called with the count of keys, then keys and arguments one by one', async () => {
    const calls: unknown[] = [];
    const store = redisIdempotency({
      client: ioredisLike((call, args) => (calls.push([call, ...args]), -1)),
      prefix: 'p:',
    });
    await store.open();
    calls.length = 0;
    expect(await store.acquire('k', 'token', 1_000)).toEqual({ state: 'acquired' });
    expect(calls).toEqual([['evalsha', expect.stringMatching(/^[0-9a-f]{40}$/), 1, 'p:k', 'token', '1000']]);
  });

  it('of node-redis is called with keys and arguments as two lists', async () => {
    const calls: unknown[] = [];
    const client = nodeRedisLike((call, args) => (calls.push([call, ...args]), -2), 5);
    const store = redisIdempotency({ client, prefix: 'p:' });
    await store.open();
    calls.length = 0;
    expect(await store.acquire('k', 'token', 1_000)).toEqual({ state: 'settled' });
    const options = { keys: ['p:k'], arguments: ['token', '1000'] };
    expect(calls).toEqual([['evalSha', expect.stringMatching(/^[0-9a-f]{40}$/), options]]);
  });

  it.each([
    ['ioredis', (answer: () => unknown): RedisClient => ioredisLike(answer)],
    ['node-redis', (answer: () => unknown): RedisClient => nodeRedisLike(answer, 5)],
  ])('of %s may give numbers as texts, as its settings say', async (_name, make) => {
    const store = redisIdempotency({ client: make(() => '1234') });
    await store.open();
    expect(await store.acquire('k', 'token', 1_000)).toEqual({ state: 'held', leaseLeftMs: 1_234 });
  });

  it('is sent the whole script once the server does not know it, and nothing again after another error', async () => {
    const calls: string[] = [];
    let error: Error | undefined;
    const client = ioredisLike((call) => {
      calls.push(call);
      if (error !== undefined && call === 'evalsha') throw error;
      return 1;
    });
    const store = redisIdempotency({ client });
    await store.open();
    calls.length = 0;
    error = new Error('NOSCRIPT No matching script. Please use EVAL.');
    expect(await store.renew('k', 'token', 1_000)).toBe(true);
    expect(calls).toEqual(['evalsha', 'eval']);
    calls.length = 0;
    error = new Error('READONLY You can not write against a read only replica.');
    await expect(store.renew('k', 'token', 1_000)).rejects.toMatchObject({ code: 'STORE_FAILED', cause: error });
    expect(calls).toEqual(['evalsha']);
  });

  it.each([
    ['ioredis', 'quit', (answer: (call: string) => unknown): RedisClient => ioredisLike(answer)],
    ['node-redis 5', 'close', (answer: (call: string) => unknown): RedisClient => nodeRedisLike(answer, 5)],
    ['node-redis 4', 'quit', (answer: (call: string) => unknown): RedisClient => nodeRedisLike(answer, 4)],
  ])('of %s that the store has made is ended by %s, one that it was given is not', async (_name, end, make) => {
    const calls: string[] = [];
    const client = make((call) => (calls.push(call), 0));
    const given = redisIdempotency({ client });
    await given.open();
    await given.close();
    const made = redisIdempotency({ client: () => client });
    await made.open();
    await made.close();
    expect(calls.filter((call) => !call.startsWith('eval'))).toEqual([end]);
  });

  it.each([
    ['ioredis', 'disconnect', (answer: (call: string) => unknown): RedisClient => ioredisLike(answer)],
    ['node-redis 5', 'destroy', (answer: (call: string) => unknown): RedisClient => nodeRedisLike(answer, 5)],
    ['node-redis 4', 'disconnect', (answer: (call: string) => unknown): RedisClient => nodeRedisLike(answer, 4)],
  ])('of %s that does not end by itself is cut off by %s', async (_name, end, make) => {
    const calls: string[] = [];
    const client = make((call) => {
      calls.push(call);
      if (call === 'quit' || call === 'close') throw new Error('no connection');
      return 0;
    });
    const store = redisIdempotency({ client: () => client });
    await store.open();
    await store.close();
    expect(calls.at(-1)).toBe(end);
  });

  it('of another shape is refused with every other mistake, before anything is started', async () => {
    const wrong = { client: {} as RedisClient, timeoutMs: 0, prefix: 1 as unknown as string };
    expect(() => redisIdempotency(wrong)).toThrow(ConfigurationError);
    expect(() => redisIdempotency(wrong)).toThrow(/3 mistakes[^]*client[^]*prefix[^]*timeoutMs/);
    const late = redisIdempotency({ client: () => ({}) as RedisClient });
    await expect(late.open()).rejects.toThrow(ConfigurationError);
  });
});
