import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { availableRedis } from '@app/services';
import { deferred } from '@kafka-worker/testing';
import { play } from '../src/harness/play.js';
import { BankService } from '../src/recipes/16-idempotency/bank.service.js';
import { PaymentsModule } from '../src/recipes/16-idempotency/payments.module.js';
import { ProcessStore } from '../src/recipes/16-idempotency/process-store.js';
import { idempotency } from '../src/recipes/16-idempotency/recipe.js';
import { expectIdempotency } from './expected/16-idempotency.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

const payment = (id: string, partition: number) => ({ key: id, partition, value: { id } });

(availableRedis() ? it : it.skip)('each payment once, with Redis', async () => {
  const said: string[] = [];
  const outcome = await play(idempotency, { say: (line) => said.push(line) });
  expect(outcome.cache).toBe('Redis');
  expect(said[0]).toMatch(/^Redis: redis:/);
  expectIdempotency(outcome);
});

describe('without Redis', () => {
  const { PATH, REDIS_URL } = process.env;
  afterEach(() => {
    process.env['PATH'] = PATH;
    if (REDIS_URL !== undefined) process.env['REDIS_URL'] = REDIS_URL;
  });

  it('each payment once, and how to get one', async () => {
    process.env['PATH'] = '';
    delete process.env['REDIS_URL'];
    const said: string[] = [];
    const outcome = await play(idempotency, { say: (line) => said.push(line) });
    expect(outcome.cache).toBe('memory');
    expect(said.slice(0, 3).join('\n')).toMatch(/^No Redis: .*\n.*install redis-server, or\n.*REDIS_URL=redis:/);
    expectIdempotency(outcome);
  });
});

describe('a duplicate', () => {
  it('waits in another member while its twin is charged, and is skipped then', async () => {
    const gate = deferred();
    const charge = jest.fn(() => gate.promise);
    const bank = Object.assign(new BankService(), { charge });
    const store = new ProcessStore();
    const { kafka } = await testRecipe(PaymentsModule.of(store, bank), { partitions: 2 });
    const other = await testRecipe(PaymentsModule.of(store, bank), { joins: kafka });
    await other.kafka.advance(10_000); // a partition each

    const twins = kafka.deliverAll('payments', [payment('p-1', 0), payment('p-1', 1)], { moveTime: false });
    await kafka.advance(5_000);
    expect(charge).toHaveBeenCalledTimes(1);
    gate.resolve();
    await kafka.advance(5_000);
    expect((await twins).map(({ disposition }) => disposition).toSorted()).toEqual(['done', 'skipped']);
    expect(charge).toHaveBeenCalledTimes(1);
  });

  it('is handled where its twin has failed for good', async () => {
    const charge = jest.fn(() => Promise.reject(new Error('no money')));
    const bank = Object.assign(new BankService(), { charge });
    const { kafka } = await testRecipe(PaymentsModule.of(new ProcessStore(), bank), { partitions: 2 });
    expect(await kafka.deliver('payments', payment('p-1', 0))).toMatchObject({ disposition: 'frozen', attempts: 3 });
    charge.mockResolvedValue(undefined as never);
    expect(await kafka.deliver('payments', payment('p-1', 1))).toMatchObject({ disposition: 'done', attempts: 1 });
    expect(await kafka.deliver('payments', payment('p-1', 1))).toMatchObject({ disposition: 'skipped' });
  });

  it('without a key is none', async () => {
    const bank = new BankService();
    const { kafka } = await testRecipe(PaymentsModule.of(new ProcessStore(), bank));
    for (let n = 0; n < 2; n++) await kafka.deliver('payments', { value: { id: 'p-1' } });
    expect(bank.charged).toEqual(['p-1', 'p-1']);
  });
});

describe('the store in the memory of a process', () => {
  it('gives a key to one token, and back only by it', async () => {
    const store = new ProcessStore();
    expect(await store.acquire('k', 'a', 60_000)).toEqual({ state: 'acquired' });
    expect(await store.acquire('k', 'b', 60_000)).toMatchObject({ state: 'held' });
    await store.release('k', 'b');
    expect(await store.renew('k', 'b', 60_000)).toBe(false);
    expect(await store.settle('k', 'b', 60_000)).toBe(false);
    expect(await store.renew('k', 'a', 60_000)).toBe(true);
    await store.release('k', 'a');
    expect(await store.acquire('k', 'b', 60_000)).toEqual({ state: 'acquired' });
    expect(await store.settle('k', 'b', 60_000)).toBe(true);
    expect(await store.acquire('k', 'a', 60_000)).toEqual({ state: 'settled' });
  });

  it('forgets when the time is over', async () => {
    const store = new ProcessStore();
    await store.acquire('k', 'a', 0);
    expect(await store.acquire('k', 'b', 60_000)).toEqual({ state: 'acquired' });
    expect(await store.settle('k', 'a', 60_000)).toBe(false);
    await store.settle('k', 'b', 0);
    expect(await store.acquire('k', 'c', 60_000)).toEqual({ state: 'acquired' });
  });
});
