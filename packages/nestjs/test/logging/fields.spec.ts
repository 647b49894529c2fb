import { describe, expect, it } from '@jest/globals';
import type { AttemptScope } from '@kafka-worker/engine';
import { getRecordLogFields, KafkaLogContext, type RecordLogFields } from '@kafka-worker/nestjs/logging';
import { fakeDelivery, type FakeDelivery } from '../support/deliveries.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** The fields that a handler sees. */
function seen(scope: AttemptScope): RecordLogFields | undefined {
  return scope.run?.(getRecordLogFields) as RecordLogFields | undefined;
}

function deliveryOf(record: Partial<FakeDelivery['record']>, parts: Partial<FakeDelivery> = {}): FakeDelivery {
  return fakeDelivery({ ...parts, record: { ...fakeDelivery().record, ...record } });
}

describe('getRecordLogFields()', () => {
  it('names the record that is handled, and hides its key', () => {
    expect(seen(new KafkaLogContext().attempt(fakeDelivery({ attempt: 2 })))).toEqual({
      worker: 'Orders#on',
      group: 'group',
      topic: 'orders',
      partition: 1,
      offset: 5,
      key: '2c70e12b7a0646f9', // printf key | sha256sum | cut -c1-16
      attempt: 2,
    });
  });

  it.each([
    { key: 'text', shown: 'key' },
    { key: 'none', shown: undefined },
  ] as const)('shows the key as $shown with $key', ({ key, shown }) => {
    expect(seen(new KafkaLogContext({ key }).attempt(fakeDelivery()))?.key).toBe(shown);
  });

  it('has no key where the record has none', () => {
    expect(seen(new KafkaLogContext().attempt(deliveryOf({ key: null })))).not.toHaveProperty('key');
  });

  it.each([
    { of: 'the delivery', parts: { traceId: TRACE }, headers: {}, traceId: TRACE },
    {
      of: 'the delivery before the header',
      parts: { traceId: TRACE },
      headers: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
      traceId: TRACE,
    },
    {
      of: 'bytes',
      parts: {},
      headers: { traceparent: Buffer.from(`00-${TRACE}-${'2'.repeat(16)}-00`) },
      traceId: TRACE,
    },
    { of: 'the last', parts: {}, headers: { traceparent: ['x', `00-${TRACE}-${'2'.repeat(16)}-00`] }, traceId: TRACE },
    { of: 'nonsense', parts: {}, headers: { traceparent: 'x' }, traceId: undefined },
    {
      of: 'no trace',
      parts: {},
      headers: { traceparent: `00-${'0'.repeat(32)}-${'2'.repeat(16)}-00` },
      traceId: undefined,
    },
  ])('has the trace of $of', ({ parts, headers, traceId }) => {
    expect(seen(new KafkaLogContext().attempt(deliveryOf({ headers }, parts)))?.traceId).toBe(traceId);
  });

  it('gives an object of its own each time, since loggers write into what they get', () => {
    const scope = new KafkaLogContext().attempt(fakeDelivery());
    scope.run?.(() => Object.assign(getRecordLogFields() ?? {}, { orderId: 7 }));
    expect(seen(scope)).not.toHaveProperty('orderId');
  });

  it('is undefined outside of handlers, and when the attempt is over, whatever it has left running', async () => {
    const scope = new KafkaLogContext().attempt(fakeDelivery());
    expect(getRecordLogFields()).toBeUndefined();
    const left = scope.run?.(async () => {
      const before = getRecordLogFields();
      await Promise.resolve();
      return [before, getRecordLogFields()];
    }) as Promise<unknown[]>;
    expect(getRecordLogFields()).toBeUndefined();
    scope.ended?.(undefined);
    const [before, after] = await left;
    expect(before).toMatchObject({ offset: 5 });
    expect(after).toBeUndefined();
  });
});
