import { describe, expect, it, jest } from '@jest/globals';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { play } from '../src/harness/play.js';
import { kafkaToKafka } from '../src/recipes/17-kafka-to-kafka/recipe.js';
import { expectKafkaToKafka } from './expected/17-kafka-to-kafka.js';
import { BillingService, type Order } from '../src/recipes/17-kafka-to-kafka/billing.service.js';
import { OrdersModule } from '../src/recipes/17-kafka-to-kafka/orders.module.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('each invoice is read once although a process was killed, and the plain ones are not', async () => {
  const outcome = await play(kafkaToKafka);
  expectKafkaToKafka(outcome);
  expect(outcome.committedByFirst).toBe(8);
});

describe('the handler', () => {
  const order = (id: number): Order => ({ id: `order-${id}`, amount: 10 });
  function filing(file: BillingService['file']): (builder: TestingModuleBuilder) => unknown {
    return (builder) =>
      builder.overrideProvider(BillingService).useValue(Object.assign(new BillingService(), { file }));
  }

  it('sends an invoice with the order that it commits', async () => {
    const { kafka } = await testRecipe(OrdersModule);
    const { disposition } = await kafka.deliver('orders', order(1));
    expect(disposition).toBe('done');
    expect(kafka.produced('invoices')).toMatchObject([{ key: 'order-1', payload: { order: 'order-1', total: 12 } }]);
    expect(kafka.committed('orders')).toBe(1);
  });

  it('drops the invoice of an attempt that fails; the plain one is out', async () => {
    const file = jest.fn<BillingService['file']>().mockRejectedValueOnce(new Error('no space')).mockResolvedValue();
    const { kafka } = await testRecipe(OrdersModule, {}, filing(file));
    expect(await kafka.deliver('orders', order(1))).toMatchObject({ disposition: 'done', attempts: 2 });
    expect(kafka.produced('invoices')).toHaveLength(1);
    expect(kafka.produced('invoices-plain')).toHaveLength(2);
  });

  it('makes invoices again that were not committed at a crash', async () => {
    const file = async (): Promise<void> => undefined;
    const { kafka } = await testRecipe(OrdersModule, {}, filing(file));
    const delivered = kafka.deliverAll('orders', [1, 2, 3].map(order), { moveTime: false });
    await kafka.tick();
    kafka.cluster.crash(kafka.cluster.group('billing').members[0]?.memberId ?? '');
    await testRecipe(OrdersModule, { joins: kafka }, filing(file));
    await kafka.advance(80_000); // the session of the first one is over, and a commit's interval
    await delivered;
    const ids = (topic: string): unknown[] => kafka.produced(topic).map(({ key }) => key);
    expect(ids('invoices')).toEqual(['order-1', 'order-2', 'order-3']);
    expect(ids('invoices-plain')).toEqual([...ids('invoices'), ...ids('invoices')]);
  });
});
