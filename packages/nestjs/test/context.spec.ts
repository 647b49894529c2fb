import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import type { Delivery } from '@kafka-worker/engine';
import {
  exactlyOnce,
  KafkaWorkerContext,
  KafkaWorkerError,
  type DeliveryGuarantee,
  type TransactionalStore,
} from '@kafka-worker/nestjs';
import { fakeDelivery } from './support/deliveries.js';

const contextOf = (delivery: Delivery, guarantee?: DeliveryGuarantee): KafkaWorkerContext =>
  new KafkaWorkerContext(delivery, undefined, {
    runtime: undefined as never,
    producer: undefined as never,
    guarantee,
    globalFilters: undefined,
  });

const thrownBy = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
};

describe('the context of a worker', () => {
  it("gives the store's transaction", () => {
    const client = { query: (): number => 1 };
    expect(
      contextOf(fakeDelivery({ transaction: client }))
        .getTransaction<typeof client>()
        .query(),
    ).toBe(1);
  });

  it('names the worker that has none', () => {
    const error = thrownBy(() => contextOf(fakeDelivery()).getTransaction());
    expect(error).toBeInstanceOf(KafkaWorkerError);
    expect(error).toMatchObject({
      code: 'NOT_TRANSACTIONAL',
      message: 'Orders#on: getTransaction() needs delivery: exactlyOnce(store)',
    });
  });

  it('gives no transaction once the attempt is over', () => {
    const context = contextOf(fakeDelivery(), exactlyOnce({ name: 'store' } as TransactionalStore));
    expect(thrownBy(() => context.getTransaction())).toMatchObject({
      code: 'NOT_RUNNING',
      message: 'Orders#on: the attempt is over, and its transaction with it',
    });
  });

  it('sends in the transaction, encoded as the producer encodes', () => {
    const delivery = fakeDelivery({ transactional: true });
    const context = contextOf(delivery);
    context.send({ topic: 'a', value: { n: 1 } });
    context.send([
      { topic: 'b', key: 5, value: 'text', partition: 2, timestamp: 3, headers: { h: 'x' } },
      { topic: 'b', key: 'gone' },
    ]);
    context.send([]);
    expect(delivery.sent).toEqual([
      { topic: 'a', value: '{"n":1}' },
      { topic: 'b', key: '5', value: 'text', partition: 2, timestamp: 3, headers: { h: 'x' } },
      { topic: 'b', key: 'gone', value: null },
    ]);
  });

  it('sends nothing without a transaction', () => {
    const error = thrownBy(() => contextOf(fakeDelivery()).send({ topic: 'a', value: 1 }));
    expect(error).toMatchObject({ code: 'NOT_TRANSACTIONAL' });
  });

  it('says where a record of a retry topic stood first', () => {
    const origin = { topic: 'orders', partition: 3, offset: 8, timestamp: 1, attempts: 3, firstFailedAt: 2 };
    expect(contextOf(fakeDelivery({ origin })).getOrigin()).toEqual(origin);
    expect(contextOf(fakeDelivery()).getOrigin()).toBeUndefined();
  });

  it('commits through its delivery', async () => {
    const delivery = fakeDelivery();
    await contextOf(delivery).commit();
    expect(delivery.commits).toBe(1);
  });
});
