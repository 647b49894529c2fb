import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { deferred } from '@kafka-worker/testing';
import { fixed, KafkaWorker, KafkaWorkerContext, skip, type KafkaWorkerOptions } from '@kafka-worker/nestjs';
import { tested, type TestedModule } from '../support/tester.js';

afterEach(() => {
  jest.useRealTimers();
});

function worker(
  handle: (payload: unknown, context: KafkaWorkerContext) => unknown,
  options: KafkaWorkerOptions = {},
): Promise<TestedModule> {
  @Controller()
  class OrdersWorker {
    @KafkaWorker({ topic: 'orders', ...options })
    onOrder(@Payload() payload: unknown, @Ctx() context: KafkaWorkerContext): unknown {
      return handle(payload, context);
    }
  }
  return tested({ controllers: [OrdersWorker] }, { now: 0 });
}

describe('time of a test', () => {
  it('is moved by hand where the delivery leaves it alone', async () => {
    const handle = jest.fn(() => {
      throw new Error('not yet');
    });
    const { kafka } = await worker(handle, { retry: { attempts: 3, backoff: fixed(60_000) }, onFailure: skip() });
    const delivered = kafka.deliver('orders', {}, { moveTime: false });
    await kafka.tick();
    expect(handle).toHaveBeenCalledTimes(1);
    await kafka.advance(59_999);
    expect(handle).toHaveBeenCalledTimes(1);
    await kafka.advance(1);
    expect(handle).toHaveBeenCalledTimes(2);
    await kafka.advance(60_000);
    expect(await delivered).toMatchObject({ disposition: 'skipped', attempts: 3, durationMs: 120_000 });
    expect(kafka.clock.now()).toBe(120_000);
  });

  it('stands still while nobody waits, though what is due happens', async () => {
    const { kafka } = await worker(() => undefined);
    await kafka.deliver('orders', {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(kafka.clock.now()).toBe(0);
    expect(kafka.committed('orders')).toBeUndefined();
    await kafka.advance(999);
    expect(kafka.committed('orders')).toBeUndefined();
    await kafka.advance(1);
    expect(kafka.committed('orders')).toBe(1);
  });

  it('brings a timeout, and the handler that heeds its signal', async () => {
    const { kafka } = await worker(
      (_payload, context) =>
        new Promise((_, reject) => {
          context.getSignal().addEventListener('abort', () => reject(new Error('gave up')));
        }),
      { timeoutMs: 30_000, retry: { attempts: 1 }, onFailure: skip() },
    );
    const delivered = kafka.deliver('orders', {}, { moveTime: false });
    await kafka.advance(30_000);
    expect(await delivered).toMatchObject({
      disposition: 'skipped',
      durationMs: 30_000,
      error: { code: 'HANDLER_TIMEOUT', cause: { message: 'gave up' } },
    });
  });

  it('comes to the timeout by itself when the handler has been silent for as long as there is patience', async () => {
    const { kafka } = await worker(
      (_payload, context) =>
        new Promise((_, reject) => {
          context.getSignal().addEventListener('abort', () => setTimeout(() => reject(new Error('gave up')), 5));
        }),
      { timeoutMs: 30_000, retry: { attempts: 2, backoff: fixed(60_000) }, onFailure: skip() },
    );
    const result = await kafka.deliver('orders', {}, { patienceMs: 10 });
    expect(result).toMatchObject({ disposition: 'skipped', attempts: 2, durationMs: 120_000 });
    expect(result.error).toMatchObject({ cause: { message: 'gave up' } });
  });

  it('stands still again for an attempt that does something, after one that did not', async () => {
    const { kafka } = await worker(
      (_payload, context) =>
        context.getAttempt() === 2
          ? new Promise((resolve) => setTimeout(resolve, 60))
          : new Promise((_, reject) => context.getSignal().addEventListener('abort', reject)),
      { timeoutMs: 30_000, retry: { attempts: 2, backoff: fixed(60_000) }, onFailure: skip() },
    );
    const result = await kafka.deliver('orders', {}, { patienceMs: 200 });
    expect(result).toMatchObject({ disposition: 'done', attempts: 2, durationMs: 90_000 });
  });

  it('is that of a handler’s own waiting only if the handler waits for it', async () => {
    const { kafka } = await worker((_payload, context) => {
      kafka.cluster.faults.produce({ delayMs: 5000 });
      return context.getProducer().send({ topic: 'sent', value: 1 });
    });
    const result = await kafka.deliver('orders', {}, { patienceMs: 10 });
    expect(result).toMatchObject({ disposition: 'done', durationMs: 5000 });
  });

  it('is moved for any promise', async () => {
    const { kafka } = await worker(() => undefined);
    const late = deferred<string>();
    kafka.clock.setTimer(() => late.resolve('late'), 60_000);
    expect(await kafka.runUntil(late.promise)).toBe('late');
    expect(kafka.clock.now()).toBe(60_000);
    await expect(kafka.runUntil(Promise.reject(new Error('no')))).rejects.toThrow('no');
    const real = new Promise((resolve) => setTimeout(() => resolve('real'), 20));
    expect(await kafka.runUntil(real)).toBe('real');
  });

  it('and a promise that nothing will settle is given up', async () => {
    const { kafka } = await tested({}, { patienceMs: 10 });
    const started = performance.now();
    await expect(kafka.runUntil(new Promise(() => undefined))).rejects.toThrow('no timer is left that could settle it');
    expect(performance.now() - started).toBeLessThan(500); // the patience is the module's
  });

  it('never goes back, whoever moves it at once', async () => {
    const { kafka } = await worker(() => undefined);
    kafka.clock.setTimer(() => undefined, 500);
    await Promise.all([kafka.advance(1000), kafka.advance(10), kafka.advance(100)]);
    expect(kafka.clock.now()).toBe(1110);
  });
});

describe('fake timers of a test runner', () => {
  it('do not keep a delivery from coming back', async () => {
    const { kafka } = await worker(() => undefined, { retry: { attempts: 2, backoff: fixed(60_000) } });
    jest.useFakeTimers();
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'done' });
    await kafka.commit();
    expect(kafka.committed('orders')).toBe(1);
  });

  it('move the timers of a handler', async () => {
    const { kafka } = await worker(() => new Promise((resolve) => setTimeout(resolve, 60_000)));
    jest.useFakeTimers();
    const delivered = kafka.deliver('orders', {});
    await kafka.tick();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(await delivered).toMatchObject({ disposition: 'done', durationMs: 0 });
  });

  it('may be there before the module is made', async () => {
    jest.useFakeTimers();
    const { moduleRef, kafka } = await worker(() => undefined);
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'done' });
    await moduleRef.close();
  });
});
