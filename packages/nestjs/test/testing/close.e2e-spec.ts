import { describe, expect, it } from '@jest/globals';
import { Controller, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { deferred } from '@kafka-worker/testing';
import { InjectKafkaProducer, KafkaWorker, KafkaWorkerContext, KafkaWorkerProducer } from '@kafka-worker/nestjs';
import { tested } from '../support/tester.js';

/** Time enough for a test that would hang to fail by itself. */
const SOON_MS = 2000;

let gate = deferred();

@Controller()
class OrdersWorker {
  @KafkaWorker({ topic: 'orders', concurrency: 'unordered', limit: 2 })
  async onOrder(@Payload() payload: unknown, @Ctx() context: KafkaWorkerContext): Promise<void> {
    await gate.promise;
    await context.getProducer().send({ topic: 'handled', value: payload });
  }
}

describe('close of the module', () => {
  it('drains: what runs finishes and is committed, what has not begun stays', async () => {
    gate = deferred();
    const { moduleRef, kafka } = await tested({ controllers: [OrdersWorker] });
    const delivered = [1, 2, 3].map((value) => kafka.deliver('orders', value, { moveTime: false }));
    await kafka.tick();
    const closed = moduleRef.close();
    gate.resolve();
    await closed;
    const outcomes = await Promise.all(delivered);
    expect(outcomes.map(({ disposition }) => disposition)).toEqual(['done', 'done', 'abandoned']);
    expect(kafka.committed('orders')).toBe(2);
    expect(kafka.produced('handled').map(({ payload }) => payload)).toEqual(['1', '2']);
  });

  it(
    'comes back although a handler never settles: the time of the drain passes',
    async () => {
      gate = deferred();
      const { moduleRef, kafka } = await tested({ controllers: [OrdersWorker] }, { patienceMs: 20 });
      const delivered = kafka.deliver('orders', 1, { moveTime: false });
      await kafka.tick();
      const before = kafka.clock.now();
      await moduleRef.close();
      expect(kafka.clock.now() - before).toBe(28_000);
      expect(await delivered).toMatchObject({ disposition: 'abandoned' });
      expect(kafka.committed('orders')).toBe(0);
    },
    SOON_MS,
  );

  it('ends a delivery that would have gone on moving time', async () => {
    gate = deferred();
    const { moduleRef, kafka } = await tested({ controllers: [OrdersWorker] }, { patienceMs: 20 });
    const delivered = kafka.deliver('orders', 1);
    await kafka.tick();
    await moduleRef.close();
    expect(await delivered).toMatchObject({ disposition: 'abandoned' });
  });

  it('leaves no timer and no member', async () => {
    gate = deferred();
    gate.resolve();
    const { moduleRef, kafka } = await tested({ controllers: [OrdersWorker] });
    await kafka.deliver('orders', 1);
    await moduleRef.close();
    expect(kafka.clock.pending).toBe(0);
    expect(kafka.cluster.consumers()).toEqual([]);
    expect(kafka.committed('orders')).toBe(1);
  });

  it('waits for what shutdown hooks send', async () => {
    @Injectable()
    class Farewell implements OnApplicationShutdown {
      constructor(@InjectKafkaProducer() private readonly producer: KafkaWorkerProducer) {}

      onApplicationShutdown(): void {
        // not awaited, and Nest runs the hooks once more when the module is closed a second time
        this.producer.send({ topic: 'farewells', value: 'bye' }).catch(() => undefined);
      }
    }
    const { moduleRef, kafka } = await tested({ providers: [Farewell] });
    await moduleRef.get(KafkaWorkerProducer).connect();
    kafka.cluster.faults.produce({ delayMs: 3000 });
    await moduleRef.close();
    expect(kafka.produced('farewells')).toMatchObject([{ payload: 'bye' }]);
  });
});
