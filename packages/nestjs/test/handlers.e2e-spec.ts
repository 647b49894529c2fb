import { Controller, Injectable, type INestApplicationContext } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isKafkaWorkerContext, KafkaWorker, type KafkaWorkerContext } from '@kafka-worker/nestjs';
import { boot, clusterWith, WAYS } from './support/app.js';
import { Calls } from './support/calls.js';
import { runtimeOf } from './support/events.js';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe.each(WAYS)('handlers run as %s', (way) => {
  it('of controllers and of plain providers, each record once', async () => {
    const calls = new Calls<string>();
    @Controller()
    class OnController {
      @KafkaWorker({ topic: 'orders' })
      onOrder(@Payload() order: { id: number }, @Ctx() context: KafkaWorkerContext): void {
        calls.add(`${context.getWorker()} ${order.id} ${context.getKey()} ${context.getTopic()}`);
      }
    }
    @Injectable()
    class OnProvider {
      @KafkaWorker({ topic: /^pay/, concurrency: 'key' })
      onPayment(@Payload('id') id: number, @Ctx() context: KafkaWorkerContext): void {
        calls.add(`${context.getWorker()} ${id} ${context.getKey()} ${context.getTopic()}`);
      }
    }
    const cluster = clusterWith('orders', 'payments');
    cluster.produce([
      { topic: 'orders', key: 'a', value: '{"id":1}' },
      { topic: 'payments', key: 'b', value: '{"id":2}' },
    ]);
    app = await boot(way, { cluster, controllers: [OnController], providers: [OnProvider] });
    await calls.reached(2);
    const via = way === 'module' ? 'discovery' : 'strategy';
    expect(runtimeOf(app).workers).toEqual(
      [
        { id: 'OnProvider#onPayment', groupId: 'group', topics: [/^pay/], via: 'discovery' },
        { id: 'OnController#onOrder', groupId: 'group', topics: ['orders'], via },
      ].toSorted((a) => (a.id.startsWith('OnController') ? -1 : 1)),
    );
    await app.close();
    expect(calls.all.toSorted()).toEqual(['OnController#onOrder 1 a orders', 'OnProvider#onPayment 2 b payments']);
    expect(cluster.lag('group')).toBe(0);
    expect(runtimeOf(app).state).toBe('STOPPED');
  });

  it('that take the topic from @EventPattern, in either order of the decorators', async () => {
    const calls = new Calls<string>();
    @Controller()
    class Composed {
      @EventPattern('above')
      @KafkaWorker({ concurrency: 'key' })
      above(@Payload() value: string): void {
        calls.add(`above ${value}`);
      }
      @KafkaWorker({ concurrency: 'key' })
      @EventPattern('below')
      below(@Payload() value: string): void {
        calls.add(`below ${value}`);
      }
    }
    const cluster = clusterWith('above', 'below');
    cluster.produce([
      { topic: 'above', value: '1' },
      { topic: 'below', value: '2' },
    ]);
    app = await boot(way, { cluster, controllers: [Composed] });
    expect((await calls.reached(2)).toSorted()).toEqual(['above 1', 'below 2']);
    expect(
      runtimeOf(app)
        .inspect()
        .groups[0]?.workers.map(({ concurrency }) => concurrency),
    ).toEqual(['key', 'key']);
  });

  it('with a context that has the getters of KafkaContext', async () => {
    const calls = new Calls<KafkaWorkerContext>();
    @Controller()
    class Contexts {
      @KafkaWorker({ topic: 'orders' })
      on(@Ctx() context: KafkaWorkerContext): void {
        calls.add(context);
      }
    }
    const cluster = clusterWith('orders');
    cluster.produce({ topic: 'orders', partition: 1, key: 'k', value: '{"a":1}', headers: { h: 'x' }, timestamp: 5 });
    app = await boot(way, { cluster, controllers: [Contexts] });
    const [context] = await calls.reached(1);
    expect(isKafkaWorkerContext(context)).toBe(true);
    expect(context?.getMessage()).toEqual({
      topic: 'orders',
      partition: 1,
      offset: '0',
      timestamp: '5',
      attributes: 0,
      key: 'k',
      value: { a: 1 },
      headers: { h: 'x' },
    });
    expect(context?.getArgs().slice(1, 3)).toEqual([1, 'orders']);
    expect([context?.getOffset(), context?.getAttempt(), context?.getGroupId()]).toEqual([0, 1, 'group']);
    expect(context?.getConsumer()).toBe(runtimeOf(app));
    expect(context?.getSignal().aborted).toBe(false);
    expect(context?.getRecord().value).toBeInstanceOf(Buffer);
    await context?.getHeartbeat()();
  });
});
