import { describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { deferred } from '@kafka-worker/testing';
import { KafkaWorker, KafkaWorkerContext, KafkaWorkerModule, KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import type { KafkaWorkerTester } from '@kafka-worker/nestjs/testing';
import { tested, type TestedModule } from '../support/tester.js';

const seen: string[] = [];
let gate = deferred();

@Controller()
class OrdersWorker {
  @KafkaWorker({ topic: 'orders' })
  async onOrder(@Payload() payload: unknown, @Ctx() context: KafkaWorkerContext): Promise<void> {
    seen.push(`${context.getPartition()}:${String(payload)}`);
    if (payload === 'slow') await gate.promise;
  }
}

const imports = [
  KafkaWorkerModule.forRoot({
    client: { brokers: ['no-such-host.invalid:9092'] },
    consumer: { groupId: 'crew', sessionTimeout: 10_000 },
  }),
];

function member(joins?: KafkaWorkerTester): Promise<TestedModule> {
  return tested({ imports, controllers: [OrdersWorker] }, joins ? { joins } : { topics: { orders: 2 } });
}

function partitionsOf({ moduleRef }: TestedModule): number[] {
  const { groups } = moduleRef.get(KafkaWorkerRuntime).inspect();
  return groups.flatMap(({ partitions }) => partitions.map(({ partition }) => partition)).toSorted();
}

describe('members of a group', () => {
  it('share the partitions, and each other’s deliveries', async () => {
    seen.length = 0;
    const first = await member();
    expect(partitionsOf(first)).toEqual([0, 1]);
    const second = await member(first.kafka);
    expect([partitionsOf(first).length, partitionsOf(second).length]).toEqual([1, 1]);
    await first.kafka.deliverAll('orders', [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 1 },
    ]);
    expect(seen.toSorted()).toEqual(['0:a', '1:b']);
    await second.moduleRef.close();
    await first.kafka.commit(); // of what is gone as well: it was committed at the hand-over
    expect(await first.kafka.deliver('orders', { value: 'c', partition: 1 })).toMatchObject({ disposition: 'done' });
    expect(partitionsOf(first)).toEqual([0, 1]);
    expect(first.kafka.clock).toBe(second.kafka.clock);
  });

  it('one is crashed, the other gets the record when the session is over', async () => {
    seen.length = 0;
    gate = deferred();
    const first = await member();
    const delivered = first.kafka.deliver('orders', { value: 'slow', partition: 0 }, { moveTime: false });
    await first.kafka.tick();
    expect(seen).toEqual(['0:slow']);
    const [consumer] = first.kafka.cluster.consumers('crew');
    if (!consumer) throw new Error('no consumer');
    first.kafka.cluster.crash(consumer);
    const second = await member(first.kafka);
    await second.kafka.advance(10_000);
    expect(seen).toEqual(['0:slow', '0:slow']);
    gate.resolve();
    await delivered;
    await second.kafka.commit();
    expect(second.kafka.committed('orders')).toBe(1);
  });

  it('a rebalance drains first: the commit stands when the other begins', async () => {
    seen.length = 0;
    gate = deferred();
    const first = await member();
    const slow = first.kafka.deliverAll('orders', [
      { value: 'slow', partition: 0 },
      { value: 'slow', partition: 1 },
    ]);
    await first.kafka.tick();
    const second = await member(first.kafka); // does not wait for a join that is held up
    expect(partitionsOf(second)).toEqual([]);
    gate.resolve();
    await slow;
    await first.kafka.tick();
    expect([partitionsOf(first).length, partitionsOf(second).length]).toEqual([1, 1]);
    expect([first.kafka.committed('orders', 0), first.kafka.committed('orders', 1)]).toEqual([1, 1]);
    expect(seen).toHaveLength(2);
  });

  it('whose session is taken away comes back, and the record with it', async () => {
    seen.length = 0;
    gate = deferred();
    const { kafka } = await member();
    const delivered = kafka.deliver('orders', { value: 'slow', partition: 0 });
    await kafka.tick();
    const [consumer] = kafka.cluster.consumers('crew');
    kafka.cluster.expireSession(consumer?.memberId ?? '');
    // Long enough to be taken in by the abandonment, were it the end of the record.
    for (let i = 0; i < 10; i++) await kafka.tick();
    gate.resolve();
    expect(await delivered).toMatchObject({ disposition: 'done' });
    expect(seen).toEqual(['0:slow', '0:slow']);
    expect(kafka.events.some(({ type }) => type === 'group.lost')).toBe(true);
  });
});
