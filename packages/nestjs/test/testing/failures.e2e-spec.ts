import { describe, expect, it, jest } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import {
  DeadLetterError,
  deadLetter,
  fixed,
  freeze,
  KafkaWorker,
  KafkaWorkerContext,
  KafkaWorkerRuntime,
  NonRetryableError,
  ORIGIN_HEADERS,
  retryTopics,
  skip,
  type KafkaWorkerOptions,
  type RecordOrigin,
} from '@kafka-worker/nestjs';
import type { KafkaWorkerTestingOptions } from '@kafka-worker/nestjs/testing';
import { tested, type TestedModule } from '../support/tester.js';

type Handler = (payload: unknown, context: KafkaWorkerContext) => unknown;

class StockError extends Error {}

const once = { attempts: 1 };
const fails: Handler = () => {
  throw new StockError('none left');
};

/** A worker for `orders` that does what the test says. */
function ordersWorker(
  handle: Handler,
  options: KafkaWorkerOptions = {},
  testing: KafkaWorkerTestingOptions = {},
): Promise<TestedModule> {
  @Controller()
  class OrdersWorker {
    @KafkaWorker({ topic: 'orders', retry: { attempts: 3, backoff: fixed(1000) }, ...options })
    onOrder(@Payload() payload: unknown, @Ctx() context: KafkaWorkerContext): unknown {
      return handle(payload, context);
    }
  }
  return tested({ controllers: [OrdersWorker] }, testing);
}

describe('a dead letter', () => {
  it('is what became of the record, without any set-up', async () => {
    const { kafka } = await ordersWorker(fails, { onFailure: deadLetter({ topic: 'orders.dead' }) });
    const result = await kafka.deliver('orders', { key: 'ann', value: { id: 1 }, headers: { trace: 'abc' } });
    expect(result).toMatchObject({
      disposition: 'dead-lettered',
      attempts: 3,
      durationMs: 2000,
      to: { topic: 'orders.dead', partition: 0, offset: 0 },
    });
    expect(result.error).toBeInstanceOf(StockError);
    expect(result.in('test').to).toEqual(result.to);
    expect(kafka.produced('orders.dead')).toMatchObject([
      {
        ...result.to,
        key: 'ann',
        payload: { id: 1 },
        headers: {
          trace: 'abc',
          [ORIGIN_HEADERS.topic]: 'orders',
          [ORIGIN_HEADERS.offset]: '0',
          [ORIGIN_HEADERS.group]: 'test',
          [ORIGIN_HEADERS.worker]: 'OrdersWorker#onOrder',
          [ORIGIN_HEADERS.attempts]: '3',
          [ORIGIN_HEADERS.errorClass]: 'StockError',
          [ORIGIN_HEADERS.errorMessage]: 'none left',
        },
      },
    ]);
    await kafka.commit();
    expect(kafka.committed('orders')).toBe(1);
  });

  it('is asked for by DeadLetterError, at once', async () => {
    const { kafka } = await ordersWorker(
      () => {
        throw new DeadLetterError('not ours');
      },
      { onFailure: deadLetter({ topic: 'orders.dead' }) },
    );
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'dead-lettered', attempts: 1 });
  });

  it('has no topic where onFailure names none: that decides', async () => {
    const asks: Handler = () => {
      throw new DeadLetterError('not ours');
    };
    const frozen = await ordersWorker(asks);
    expect(await frozen.kafka.deliver('orders', {})).toMatchObject({
      disposition: 'frozen',
      attempts: 1,
      to: undefined,
    });
    const skipped = await ordersWorker(asks, { onFailure: skip() });
    expect(await skipped.kafka.deliver('orders', {})).toMatchObject({ disposition: 'skipped', attempts: 1 });
  });

  it('more than the budget allows freezes, and goes on when the time has come', async () => {
    const { kafka } = await ordersWorker(fails, {
      retry: once,
      onFailure: deadLetter({
        topic: 'orders.dead',
        budget: { burst: 1, refillMs: 60_000 },
        whenSpent: freeze('partition', { unfreezeAfterMs: 60_000 }),
      }),
    });
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'dead-lettered' });
    const frozen = await kafka.deliver('orders', {});
    expect(frozen).toMatchObject({ disposition: 'frozen', attempts: 1 });
    expect(kafka.events.findLast(({ type }) => type === 'frozen')).toMatchObject({
      reason: 'budget',
      unfreezeInMs: 60_000,
      error: { code: 'DEAD_LETTER_BUDGET' },
    });
    // It stands behind the frozen one, and that goes on by itself.
    const behind = await kafka.deliver('orders', {}, { withinMs: 200_000 });
    expect(behind.disposition).toBe('frozen');
    expect(await kafka.settled(frozen.record)).toMatchObject({ disposition: 'dead-lettered', attempts: 2 });
  });

  it('that cannot be sent is sent again', async () => {
    const { kafka } = await ordersWorker(fails, { retry: once, onFailure: deadLetter({ topic: 'orders.dead' }) });
    kafka.cluster.faults.produce({ topic: 'orders.dead', times: 2 });
    expect(await kafka.deliver('orders', {})).toMatchObject({ disposition: 'dead-lettered', attempts: 1 });
    expect(kafka.events.filter(({ type }) => type === 'forward.failed')).toHaveLength(2);
    expect(kafka.produced('orders.dead')).toHaveLength(1);
  });

  it('goes to a topic with as many partitions as asked for', async () => {
    const onFailure = deadLetter({ topic: 'orders.dead', create: { partitions: 3 } });
    const asSource = await ordersWorker(
      fails,
      { onFailure: deadLetter({ topic: 'orders.dead' }) },
      { topics: { orders: 2 } },
    );
    const asShape = await ordersWorker(fails, { onFailure });
    const asTest = await ordersWorker(fails, { onFailure }, { topics: { 'orders.dead': 4 } });
    const counts = await Promise.all(
      [asSource, asShape, asTest].map(async ({ kafka }) => {
        const partitions = await kafka.cluster.driver().createAdmin().partitions(['orders.dead']);
        return partitions.get('orders.dead');
      }),
    );
    expect(counts).toEqual([2, 3, 4]);
  });
});

describe('a retry topic', () => {
  const policy = retryTopics([5_000, 60_000], deadLetter({ topic: 'orders.dead' }));

  it('is where the record waits, and time brings it back to the same handler', async () => {
    const seen: (RecordOrigin | undefined)[] = [];
    const topics: string[] = [];
    const { kafka } = await ordersWorker(
      (_payload, context) => {
        seen.push(context.getOrigin());
        topics.push(context.getTopic());
        if (seen.length < 3) throw new StockError('none left');
      },
      { retry: once, onFailure: policy },
      { now: 1_700_000_000_000 },
    );
    const first = await kafka.deliver('orders', { key: 'ann', value: { id: 1 } });
    expect(first).toMatchObject({
      disposition: 'retried-later',
      attempts: 1,
      to: { topic: 'orders.test.retry-5000', partition: 0, offset: 0 },
    });
    const second = await kafka.settled(first.to!);
    expect(second).toMatchObject({ disposition: 'retried-later', to: { topic: 'orders.test.retry-60000' } });
    expect(second.durationMs).toBe(5000);
    const third = await kafka.settled(second.to!);
    expect(third).toMatchObject({ disposition: 'done', attempts: 1, to: undefined });
    expect(topics).toEqual(['orders', 'orders.test.retry-5000', 'orders.test.retry-60000']);
    const origin = { topic: 'orders', partition: 0, offset: 0, timestamp: 1_700_000_000_000 };
    expect(seen).toEqual([
      undefined,
      { ...origin, attempts: 1, firstFailedAt: 1_700_000_000_000 },
      { ...origin, attempts: 2, firstFailedAt: 1_700_000_000_000 },
    ]);
  });

  it('is due when advance() has come there', async () => {
    const handle = jest.fn<Handler>(fails);
    const { kafka } = await ordersWorker(handle, { retry: once, onFailure: policy });
    await kafka.deliver('orders', {});
    await kafka.advance(4_999);
    expect(handle).toHaveBeenCalledTimes(1);
    await kafka.advance(1);
    expect(handle).toHaveBeenCalledTimes(2);
    await kafka.advance(60_000);
    expect(handle).toHaveBeenCalledTimes(3);
    expect(kafka.produced('orders.dead')).toMatchObject([{ headers: { [ORIGIN_HEADERS.attempts]: '3' } }]);
  });

  it('keeps nobody of its key and its partition waiting', async () => {
    const { kafka } = await ordersWorker(
      (payload) => {
        if (payload === 'bad') throw new StockError('none left');
      },
      { retry: once, onFailure: policy, concurrency: 'key' },
    );
    const [bad, good] = await kafka.deliverAll('orders', [
      { key: 'ann', value: 'bad' },
      { key: 'ann', value: 'good' },
    ]);
    expect([bad?.disposition, good?.disposition]).toEqual(['retried-later', 'done']);
    expect(good?.durationMs).toBe(0);
  });

  it('is not for what trying again does not mend', async () => {
    const { kafka } = await ordersWorker(
      () => {
        throw new NonRetryableError();
      },
      { onFailure: policy },
    );
    const result = await kafka.deliver('orders', {});
    expect(result).toMatchObject({ disposition: 'dead-lettered', attempts: 1, to: { topic: 'orders.dead' } });
  });

  it('of a topic that a pattern found is read by the same worker, and by no pattern itself', async () => {
    const seen: string[] = [];

    @Controller()
    class Tenants {
      @KafkaWorker({
        topic: /^tenant\./,
        retry: once,
        onFailure: retryTopics([1000], deadLetter({ topic: 'tenant.dead' })),
      })
      onTenant(@Payload() name: string, @Ctx() context: KafkaWorkerContext): void {
        seen.push(`${name} ${context.getTopic()}`);
        if (name === 'bad') throw new StockError('none left');
      }
    }
    const { kafka, moduleRef } = await tested({ controllers: [Tenants] }, { topics: { 'tenant.a': 1 } });
    const first = await kafka.deliver('tenant.a', 'bad');
    expect(await kafka.settled(first.to!)).toMatchObject({
      disposition: 'dead-lettered',
      to: { topic: 'tenant.dead' },
    });
    expect(await kafka.deliver('tenant.b', 'good')).toMatchObject({ disposition: 'done' });
    await kafka.advance(10_000);
    expect(seen).toEqual(['bad tenant.a', 'bad tenant.a.test.retry-1000', 'good tenant.b']);
    await expect(kafka.deliver('tenant.dead', 'x')).rejects.toThrow("no worker reads 'tenant.dead'");
    expect(moduleRef.get(KafkaWorkerRuntime).inspect().groups[0]?.workers[0]?.topics.toSorted()).toEqual([
      'tenant.a',
      'tenant.a.test.retry-1000',
      'tenant.b',
      'tenant.b.test.retry-1000',
    ]);
  });

  it('may be delivered to by itself', async () => {
    const { kafka } = await ordersWorker(() => undefined, { onFailure: policy });
    const result = await kafka.deliver('orders.test.retry-5000', { id: 1 });
    expect(result).toMatchObject({ disposition: 'done', durationMs: 5000 });
  });
});

describe('a freeze that ends by itself', () => {
  it('does not make deliver give up', async () => {
    let isOpen = false;
    const { kafka } = await ordersWorker(
      () => {
        if (!isOpen) throw new StockError('closed');
      },
      { retry: once, onFailure: freeze('partition', { unfreezeAfterMs: 30_000 }) },
    );
    const frozen = await kafka.deliver('orders', {});
    expect(frozen).toMatchObject({ disposition: 'frozen' });
    isOpen = true;
    const behind = await kafka.deliver('orders', {});
    expect(behind).toMatchObject({ disposition: 'done', durationMs: 30_000 });
    expect(await kafka.settled(frozen.record)).toMatchObject({ disposition: 'done' });
  });

  it('ends for its own record only', async () => {
    const { kafka } = await ordersWorker(fails, {
      retry: once,
      concurrency: 'key',
      onFailure: freeze('key', { unfreezeAfterMs: 30_000 }),
    });
    const first = await kafka.deliver('orders', { key: 'ann', value: 1 });
    await kafka.advance(10_000);
    const second = await kafka.deliver('orders', { key: 'ben', value: 2 });
    await kafka.advance(20_000); // the first has failed once more
    expect((await kafka.settled(first.record)).attempts).toBe(2);
    const now = kafka.clock.now();
    expect(await kafka.settled(second.record)).toMatchObject({ disposition: 'frozen', attempts: 1 });
    expect(kafka.clock.now()).toBe(now);
  });
});
