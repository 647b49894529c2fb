import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { fixed, KafkaWorker, KafkaWorkerContext, KafkaWorkerRuntime, skip } from '@kafka-worker/nestjs';
import { tested } from '../support/tester.js';

describe('a topic that several groups read', () => {
  const retry = { attempts: 2, backoff: fixed(1000) };

  @Controller()
  class Shop {
    @KafkaWorker({ topic: 'purchases', groupId: 'billing' })
    bill(): void {}

    @KafkaWorker({ topic: 'purchases', groupId: 'search', retry, onFailure: skip() })
    async index(@Ctx() context: KafkaWorkerContext): Promise<void> {
      await context.getProducer().send({ topic: 'indexed', value: context.getAttempt() });
      throw new Error('no index');
    }
  }

  it('is waited for in all of them', async () => {
    const { kafka } = await tested({ controllers: [Shop] });
    const result = await kafka.deliver('purchases', {});
    // Not done everywhere: what stands on top is the group where it is something else.
    expect(result).toMatchObject({
      disposition: 'skipped',
      attempts: 2,
      durationMs: 1000,
      error: { message: 'no index' },
      produced: [{ payload: '1' }, { payload: '2' }],
    });
    expect(result.in('billing')).toMatchObject({ worker: 'Shop#bill', disposition: 'done', attempts: 1, produced: [] });
    expect(result.in('search')).toMatchObject({ worker: 'Shop#index', disposition: 'skipped', durationMs: 1000 });
    expect(() => result.in('other')).toThrow("group 'other' does not read 'purchases'; 'billing', 'search' do");
  });

  it('has a commit in each', async () => {
    const { kafka } = await tested({ controllers: [Shop] });
    await kafka.deliver('purchases', {});
    await kafka.commit();
    expect(() => kafka.committed('purchases')).toThrow("'billing', 'search' read 'purchases'");
    expect(kafka.committed('purchases', 0, 'billing')).toBe(1);
    expect(kafka.committed('purchases', 0, 'search')).toBe(1);
  });
});

describe('topics', () => {
  const seen: string[] = [];

  @Controller()
  class Workers {
    @KafkaWorker({ topic: ['orders', 'returns'] })
    onOrder(@Ctx() context: KafkaWorkerContext): void {
      seen.push(`${context.getTopic()}/${context.getPartition()}`);
    }

    @KafkaWorker({ topic: /^tenant\.\w+$/g, groupId: 'tenants' })
    onTenant(@Ctx() context: KafkaWorkerContext): void {
      seen.push(context.getTopic());
    }
  }

  it('are there with as many partitions as are asked for', async () => {
    seen.length = 0;
    const { kafka } = await tested({ controllers: [Workers] }, { topics: { returns: 3 }, partitions: 2 });
    await kafka.deliver('orders', { value: 1, partition: 1 });
    await kafka.deliver('returns', { value: 1, partition: 2 });
    expect(seen).toEqual(['orders/1', 'returns/2']);
    await expect(kafka.deliver('orders', { value: 1, partition: 2 })).rejects.toThrow('no partition 2');
  });

  it('that match a pattern are read when they are delivered to, and committed', async () => {
    seen.length = 0;
    const { moduleRef, kafka } = await tested({ controllers: [Workers] }, { topics: { 'tenant.known': 1 } });
    const { workers } = moduleRef.get(KafkaWorkerRuntime);
    expect(workers.map(({ topics }) => topics.map(String))).toEqual([['orders', 'returns'], ['/^tenant\\.\\w+$/']]);
    await kafka.deliver('tenant.known', {});
    await kafka.deliver('orders', {});
    const results = await Promise.all(['a', 'b', 'a'].map((name) => kafka.deliver(`tenant.${name}`, {})));
    expect(results.map(({ disposition }) => disposition)).toEqual(['done', 'done', 'done']);
    // Nothing comes twice although the workers were started anew for topics they did not know.
    expect(seen.toSorted()).toEqual(['orders/0', 'tenant.a', 'tenant.a', 'tenant.b', 'tenant.known']);
    await kafka.commit();
    expect(kafka.committed('tenant.a')).toBe(2);
    expect(kafka.committed('orders')).toBe(1);
  });

  it('that are new cost nobody a record who waits', async () => {
    const handled: string[] = [];

    @Controller()
    class Tenants {
      @KafkaWorker({ topic: /^tenant\./ })
      async onTenant(@Payload() name: string): Promise<void> {
        if (name === 'slow') await new Promise((resolve) => setTimeout(resolve, 20));
        handled.push(name);
      }
    }
    const { kafka } = await tested({ controllers: [Tenants] }, { topics: { 'tenant.a': 1 } });
    const waiting = [kafka.deliverAll('tenant.a', ['slow', 'next'], { moveTime: false })];
    await kafka.tick();
    waiting.push(kafka.deliverAll('tenant.b', ['new']));
    const results = (await Promise.all(waiting)).flat();
    expect(results.map(({ disposition }) => disposition)).toEqual(['done', 'done', 'done']);
    expect(handled.toSorted()).toEqual(['new', 'next', 'slow']);
  });

  it('of a pattern alone: the worker starts with the first of them', async () => {
    @Controller()
    class Tenants {
      @KafkaWorker({ topic: /^tenant\./ })
      onTenant(): void {}
    }
    const { kafka } = await tested({ controllers: [Tenants] });
    expect(await kafka.deliver('tenant.a', {})).toMatchObject({ disposition: 'done' });
    await expect(kafka.deliver('other', {})).rejects.toThrow("there are workers for '/^tenant\\./'");
  });
});
