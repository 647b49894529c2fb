import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  fixed,
  freeze,
  FreezeError,
  KafkaWorker,
  KafkaWorkerContext,
  NonRetryableError,
  PayloadError,
  RetryLaterError,
  skip,
  SkipRecordError,
  type KafkaWorkerOptions,
} from '@kafka-worker/nestjs';
import { tested, type TestedModule } from '../support/tester.js';

type Handler = (payload: unknown, context: KafkaWorkerContext) => unknown;

class StockError extends Error {}

/** A worker for `orders` that does what the test says. */
function ordersWorker(handle: Handler, options: KafkaWorkerOptions = {}): Promise<TestedModule> {
  @Controller()
  class OrdersWorker {
    @KafkaWorker({ topic: 'orders', retry: { attempts: 3, backoff: fixed(60_000) }, ...options })
    onOrder(@Payload() payload: unknown, @Ctx() context: KafkaWorkerContext): unknown {
      return handle(payload, context);
    }
  }
  return tested({ controllers: [OrdersWorker] }, { topics: { orders: 2 } });
}

/** Fails so many times. */
function failing(times: number, error: unknown): jest.Mock<Handler> {
  let left = times;
  return jest.fn<Handler>(async () => {
    if (left-- > 0) throw error;
  });
}

describe('deliver resolves with', () => {
  it('done', async () => {
    const { kafka } = await ordersWorker(() => undefined);
    const result = await kafka.deliver('orders', { id: 1 });
    expect({ ...result }).toEqual({
      record: { topic: 'orders', partition: 0, offset: 0 },
      disposition: 'done',
      attempts: 1,
      error: undefined,
      errors: [],
      produced: [],
      durationMs: 0,
      outcomes: [
        {
          groupId: 'test',
          worker: 'OrdersWorker#onOrder',
          disposition: 'done',
          attempts: 1,
          error: undefined,
          errors: [],
          produced: [],
          durationMs: 0,
        },
      ],
    });
  });

  it('done after retries minutes apart, at once', async () => {
    const error = new StockError('none left');
    const handle = failing(2, error);
    const { kafka } = await ordersWorker(handle);
    const started = performance.now();
    const result = await kafka.deliver('orders', { id: 1 });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(result).toMatchObject({ disposition: 'done', attempts: 3, durationMs: 120_000, errors: [error, error] });
    expect(result.error).toBe(error);
    expect(handle).toHaveBeenCalledTimes(3);
  });

  it('frozen, with the error that was thrown', async () => {
    const error = new StockError('none left');
    const { kafka } = await ordersWorker(failing(3, error));
    const result = await kafka.deliver('orders', { id: 1 });
    expect(result).toMatchObject({ disposition: 'frozen', attempts: 3, durationMs: 120_000 });
    expect(result.error).toBe(error);
    expect(kafka.committed('orders')).toBeUndefined();
  });

  it('frozen by FreezeError, at once', async () => {
    const { kafka } = await ordersWorker(failing(1, new FreezeError('key')), { concurrency: 'key' });
    expect(await kafka.deliver('orders', { key: 'a', value: 1 })).toMatchObject({ disposition: 'frozen', attempts: 1 });
  });

  it('skipped by policy, and by SkipRecordError', async () => {
    const bySkip = await ordersWorker(failing(9, new StockError('none left')), { onFailure: skip() });
    expect(await bySkip.kafka.deliver('orders', {})).toMatchObject({ disposition: 'skipped', attempts: 3 });
    const byError = await ordersWorker(failing(1, new SkipRecordError('old')));
    const result = await byError.kafka.deliver('orders', {});
    expect(result).toMatchObject({ disposition: 'skipped', attempts: 1, error: { message: 'old' } });
  });

  it('done after RetryLaterError, a day later', async () => {
    const { kafka } = await ordersWorker(failing(1, new RetryLaterError(86_000_000)), { retry: { attempts: 1 } });
    const result = await kafka.deliver('orders', {});
    expect(result).toMatchObject({ disposition: 'done', attempts: 2, durationMs: 86_000_000 });
  });

  it('no further attempt after NonRetryableError', async () => {
    const { kafka } = await ordersWorker(failing(9, new NonRetryableError()), { onFailure: skip() });
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'skipped', attempts: 1 });
  });

  it('a schema that refused the payload, before the handler', async () => {
    const handle = jest.fn<Handler>();
    const { kafka } = await ordersWorker(handle, {
      onFailure: skip(),
      schema: {
        '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no id', path: ['id'] }] }) },
      },
    });
    const result = await kafka.deliver('orders', {});
    expect(result).toMatchObject({
      disposition: 'skipped',
      attempts: 1,
      error: { message: expect.stringContaining('id: no id') },
    });
    expect(result.error).toBeInstanceOf(PayloadError);
    expect(handle).not.toHaveBeenCalled();
  });

  it('what a thrown text became', async () => {
    const { kafka } = await ordersWorker(failing(9, 'broken'), { onFailure: skip() });
    const result = await kafka.deliver('orders', {});
    expect(result.error).toMatchObject({ message: 'broken', cause: 'broken' });
  });
});

describe('a handler', () => {
  it('may do real I/O and wait in real time, and time stands still meanwhile', async () => {
    let textLength = 0;
    const { kafka } = await ordersWorker(
      async () => {
        await sleep(40);
        textLength = (await readFile(new URL(import.meta.url))).length;
        await new Promise((resolve) => setImmediate(resolve));
      },
      // Would strike if time were moved while the handler waits.
      { timeoutMs: 10 },
    );
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'done', attempts: 1, durationMs: 0 });
    expect(textLength).toBeGreaterThan(0);
  });

  it('may take longer than the patience as long as others give signs of life', async () => {
    const { kafka } = await ordersWorker((ms) => sleep(Number(ms)), { concurrency: 'unordered', timeoutMs: 1000 });
    const results = await kafka.deliverAll('orders', [120, 80, 40, 160], { patienceMs: 70 });
    expect(results.map(({ disposition }) => disposition)).toEqual(['done', 'done', 'done', 'done']);
    expect(results.map(({ durationMs }) => durationMs)).toEqual([0, 0, 0, 0]);
  });

  it('runs once its record is there, even if many are delivered at once', async () => {
    const seen: unknown[] = [];
    const { kafka } = await ordersWorker((payload) => void seen.push(payload));
    await Promise.all(Array.from({ length: 50 }, (_, i) => kafka.deliver('orders', { value: { i }, partition: 1 })));
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => ({ i })));
  });
});

describe('what is delivered', () => {
  async function arrives(given: unknown): Promise<{ payload: unknown; context: KafkaWorkerContext }> {
    const handle = jest.fn<Handler>();
    const { kafka } = await ordersWorker(handle);
    await kafka.deliver('orders', given);
    const [payload, context] = handle.mock.calls[0] as [unknown, KafkaWorkerContext];
    return { payload, context };
  }

  it('is the payload of a record', async () => {
    expect((await arrives({ id: 1, tags: ['a'] })).payload).toEqual({ id: 1, tags: ['a'] });
    expect((await arrives(['a', 'b'])).payload).toEqual(['a', 'b']);
    expect((await arrives('text')).payload).toBe('text');
    expect((await arrives(Buffer.from([0, 1]))).payload).toEqual(Buffer.from([0, 1]));
    expect((await arrives(null)).payload).toBeNull();
  });

  it('or a record with key, headers, partition and timestamp', async () => {
    const record = { key: 'ann', value: { id: 1 }, headers: { trace: 'abc' }, partition: 1, timestamp: 1234 };
    const { payload, context } = await arrives(record);
    expect(payload).toEqual({ id: 1 });
    expect(context.getKey()).toBe('ann');
    expect(context.getPartition()).toBe(1);
    expect(context.getMessage()).toMatchObject({ headers: { trace: 'abc' }, timestamp: '1234' });
  });

  it('is a payload where it has what no record has, and a record where it has nothing else', async () => {
    expect((await arrives({ value: 5, currency: 'EUR' })).payload).toEqual({ value: 5, currency: 'EUR' });
    expect((await arrives({ value: { value: 5 } })).payload).toEqual({ value: 5 });
    expect((await arrives({ key: 'a', amount: 5 })).payload).toEqual({ key: 'a', amount: 5 });
    expect((await arrives({ key: 'a', value: null })).payload).toBeNull();
  });

  it('has the time of the test where none is given', async () => {
    const before = Date.now();
    const { context } = await arrives({ id: 1 });
    expect(context.getRecord().timestamp).toBeGreaterThanOrEqual(before);
    expect(context.getRecord().timestamp).toBeLessThanOrEqual(Date.now());
  });
});

describe('deliverAll', () => {
  it('has all records in the log before the first is handled, and answers in their order', async () => {
    const watermarks: number[] = [];
    const { kafka } = await ordersWorker(
      (payload, context) => {
        watermarks.push(context.getHighWatermark());
        if (payload === 'b') throw new SkipRecordError();
      },
      { onFailure: freeze() },
    );
    const records = ['a', 'b', 'c'].map((value) => ({ value, partition: 0 }));
    const results = await kafka.deliverAll('orders', records);
    expect(results.map(({ record, disposition }) => [record.offset, disposition])).toEqual([
      [0, 'done'],
      [1, 'skipped'],
      [2, 'done'],
    ]);
    expect(watermarks).toEqual([3, 3, 3]);
  });

  it('answers nothing to nothing', async () => {
    const { kafka } = await ordersWorker(() => undefined);
    expect(await kafka.deliverAll('orders', [])).toEqual([]);
  });

  it('is quick with a thousand', async () => {
    const { kafka } = await ordersWorker(() => undefined, { concurrency: 'key' });
    const started = performance.now();
    const results = await kafka.deliverAll(
      'orders',
      Array.from({ length: 1000 }, (_, i) => ({ key: `key-${i % 10}`, value: i })),
    );
    expect(results.every(({ disposition }) => disposition === 'done')).toBe(true);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});
