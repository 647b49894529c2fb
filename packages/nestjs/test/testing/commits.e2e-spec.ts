import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { deferred } from '@kafka-worker/testing';
import { CommitError, KafkaWorker, KafkaWorkerContext, type KafkaWorkerOptions } from '@kafka-worker/nestjs';
import { tested, type TestedModule } from '../support/tester.js';

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
  return tested({ controllers: [OrdersWorker] }, { topics: { orders: 2 } });
}

describe('commits', () => {
  it('of what is settled, each partition by itself, without time going on', async () => {
    const { kafka } = await worker(() => undefined);
    const now = kafka.clock.now();
    await kafka.deliverAll('orders', [
      { value: 1, partition: 0 },
      { value: 2, partition: 1 },
      { value: 3, partition: 1 },
    ]);
    expect([kafka.committed('orders', 0), kafka.committed('orders', 1)]).toEqual([undefined, undefined]);
    await kafka.commit();
    expect([kafka.committed('orders', 0), kafka.committed('orders', 1)]).toEqual([1, 2]);
    expect(kafka.clock.now()).toBe(now);
    const { length } = kafka.cluster.commits;
    await kafka.commit();
    expect(kafka.cluster.commits).toHaveLength(length);
  });

  it('never pass what is not settled', async () => {
    const gate = deferred();
    const { kafka } = await worker((payload) => (payload === 'slow' ? gate.promise : undefined), {
      concurrency: 'unordered',
    });
    const slow = kafka.deliver('orders', { value: 'slow', partition: 0 });
    await kafka.deliver('orders', { value: 'quick', partition: 0 });
    await kafka.commit();
    expect(kafka.committed('orders')).toBe(0);
    gate.resolve();
    await slow;
    await kafka.commit();
    expect(kafka.committed('orders')).toBe(2);
  });

  it('at once with commit: each', async () => {
    const { kafka } = await worker(() => undefined, { commit: 'each' });
    await kafka.deliver('orders', {});
    await kafka.tick();
    expect(kafka.committed('orders')).toBe(1);
  });

  it('are the handler’s with commit: manual', async () => {
    const { kafka } = await worker((payload, context) => (payload === 'flush' ? context.commit() : undefined), {
      commit: 'manual',
    });
    await kafka.deliver('orders', { value: 1, partition: 0 });
    await kafka.commit();
    await kafka.advance(10_000);
    expect(kafka.committed('orders')).toBeUndefined();
    await kafka.deliver('orders', { value: 'flush', partition: 0 });
    expect(kafka.committed('orders')).toBe(2);
  });

  it('that the cluster does not take are told, and made again', async () => {
    const { kafka } = await worker(() => undefined);
    await kafka.deliver('orders', {});
    kafka.cluster.faults.commit({ times: 2 });
    await expect(kafka.commit()).rejects.toBeInstanceOf(CommitError);
    expect(kafka.committed('orders')).toBeUndefined();
    await kafka.advance(5000);
    expect(kafka.committed('orders')).toBe(1);
    expect(kafka.events.filter(({ type }) => type === 'commit.failed')).toHaveLength(2);
  });

  it('that were not taken are in the next commit()', async () => {
    const { kafka } = await worker(() => undefined);
    await kafka.deliver('orders', {});
    kafka.cluster.faults.commit();
    await expect(kafka.commit()).rejects.toBeInstanceOf(CommitError);
    await kafka.commit();
    expect(kafka.committed('orders')).toBe(1);
  });

  it('that are slow take time', async () => {
    const { kafka } = await worker(() => undefined);
    const before = kafka.clock.now();
    await kafka.deliver('orders', {});
    kafka.cluster.faults.commit({ requestDelayMs: 700 });
    await kafka.commit();
    expect(kafka.clock.now() - before).toBe(700);
    expect(kafka.committed('orders')).toBe(1);
  });
});
