import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import { redisIdempotency, type IoredisClient } from '../src/index.js';
import { BoundedCalls } from '../src/bounded-calls.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('a call', () => {
  it('gives what it was answered, and leaves no timer', async () => {
    const calls = new BoundedCalls(1_000);
    expect(await calls.run('ask', async () => 'answer')).toBe('answer');
    expect(jest.getTimerCount()).toBe(0);
    expect(calls.late).toBe(0);
  });

  it.each([
    ['rejects', async () => Promise.reject(new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
  ])('fails with its error as the cause where it %s', async (_how, call: () => Promise<never>) => {
    const calls = new BoundedCalls(1_000);
    const failed = { code: 'STORE_FAILED', message: 'redis: ask failed', cause: { message: 'no' } };
    await expect(calls.run('ask', call)).rejects.toMatchObject(failed);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is given up when its time is over; its answer is heard all the same', async () => {
    const calls = new BoundedCalls(1_000);
    const answer = deferred<string>();
    const late: string[] = [];
    const asked = calls.run(
      'ask',
      () => answer.promise,
      (value) => late.push(value),
    );
    const refused = expect(asked).rejects.toThrow('redis: ask was not answered within 1000 ms');
    await jest.advanceTimersByTimeAsync(1_000);
    await refused;
    expect(calls.late).toBe(1);
    answer.resolve('late');
    await jest.advanceTimersByTimeAsync(0);
    expect(late).toEqual(['late']);
    expect(calls.late).toBe(0);
  });

  it('that fails late is not heard of any more', async () => {
    const calls = new BoundedCalls(1_000);
    const answer = deferred<string>();
    const asked = calls.run('ask', () => answer.promise);
    const refused = expect(asked).rejects.toThrow('not answered');
    await jest.advanceTimersByTimeAsync(1_000);
    await refused;
    answer.reject(new Error('late'));
    await jest.advanceTimersByTimeAsync(0);
    expect(calls.late).toBe(0);
  });

  it('is given up when the store is closed', async () => {
    const calls = new BoundedCalls(1_000);
    const asked = calls.run('ask', () => new Promise(() => undefined));
    const refused = expect(asked).rejects.toThrow('redis: ask was cut off');
    calls.giveUp('was cut off');
    await refused;
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a Redis that does not answer', () => {
  it('is sent a thousand acquires at most that nobody waits for any more', async () => {
    const answers = deferred<number>();
    let sent = 0;
    let hangs = false;
    const client: IoredisClient = {
      evalsha: () => (sent++, hangs ? answers.promise : Promise.resolve(0)),
      eval: async () => 0,
      quit: async () => undefined,
      disconnect: () => undefined,
      status: 'ready',
    };
    const store = redisIdempotency({ client, timeoutMs: 10 });
    await store.open();
    hangs = true;
    sent = 0;
    for (let i = 0; i < 1_000; i++) store.acquire('k', `${i}`, 1_000).catch(() => undefined);
    await jest.advanceTimersByTimeAsync(10);
    await expect(store.acquire('k', 'one more', 1_000)).rejects.toThrow('was not sent');
    expect(sent).toBe(1_000);
    answers.resolve(5);
    await jest.advanceTimersByTimeAsync(0);
    hangs = false;
    expect(await store.acquire('k', 'again', 1_000)).toEqual({ state: 'held', leaseLeftMs: 0 });
  });

  it('does not keep a call waiting when the store is closed', async () => {
    const client: IoredisClient = {
      evalsha: (_sha, _keys, _key, token) => (token === '' ? Promise.resolve(0) : new Promise(() => undefined)),
      eval: async () => 0,
      quit: async () => undefined,
      disconnect: () => undefined,
      status: 'ready',
    };
    const store = redisIdempotency({ client });
    await store.open();
    const refused = expect(store.settle('k', 'a', 1_000)).rejects.toThrow('was under way when the store was closed');
    await store.close();
    await refused;
    expect(jest.getTimerCount()).toBe(0);
  });
});
