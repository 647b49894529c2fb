import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, diag, DiagLogLevel, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { BatchScope, OutgoingRecord, RecordHeaders } from '@kafka-worker/engine';
import { KafkaWorkerError, SkipRecordError } from '@kafka-worker/nestjs';
import { KafkaTracingInterceptor, type KafkaTracingOptions } from '@kafka-worker/nestjs/otel';
import { ATTR } from '../../src/otel/attributes.js';
import { fakeDelivery, type FakeDelivery } from '../support/deliveries.js';
import { idOf, parentOf, Spans } from '../support/spans.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SENDER = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SENDER}-01`;

let spans: Spans;
beforeEach(() => {
  spans = new Spans();
});
afterEach(() => spans.end());

/** A delivery of a record that differs from the usual one. */
function deliveryOf(record: Partial<FakeDelivery['record']>): FakeDelivery {
  return fakeDelivery({ record: { ...fakeDelivery().record, ...record } });
}

/** One attempt from its start to its end. */
function handle(tracing: KafkaTracingInterceptor, delivery: FakeDelivery, error?: Error, batch?: BatchScope): void {
  const scope = tracing.attempt(delivery, batch);
  scope?.run?.(() => undefined);
  scope?.ended?.(error);
}

describe('the span of an attempt', () => {
  it('says what the conventions want to know, and what they have no name for', () => {
    handle(new KafkaTracingInterceptor({ clientId: 'shop-1' }), fakeDelivery({ attempt: 2, queuedMs: 12 }));
    const span = spans.one('process orders');
    expect(span.kind).toBe(SpanKind.CONSUMER);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '1',
      'kafka.offset': 5,
      'kafka.message.key': 'key',
      'messaging.consumer.group.name': 'group',
      'messaging.client.id': 'shop-1',
      'kafka_worker.worker': 'Orders#on',
      'kafka_worker.attempt': 2,
      'kafka_worker.queued_ms': 12,
    });
    expect(span.links).toEqual([]);
  });

  it('leaves out what is not there: key, time in the queue, value', () => {
    const { record } = deliveryOf({ key: null, value: null });
    handle(new KafkaTracingInterceptor(), fakeDelivery({ record, queuedMs: undefined }));
    const { attributes } = spans.one('process orders');
    expect(attributes['kafka.message.tombstone']).toBe(true);
    expect(Object.keys(attributes)).toHaveLength(10);
    expect(attributes).not.toHaveProperty('kafka.message.key');
    expect(attributes).not.toHaveProperty('kafka_worker.queued_ms');
  });

  it.each<{ how: string; value: RecordHeaders[string] }>([
    { how: 'bytes', value: Buffer.from(PARENT) },
    { how: 'text', value: PARENT },
    { how: 'several values, of which the last counts', value: [`00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`, PARENT] },
    { how: 'one value in a list', value: [Buffer.from(PARENT)] },
  ])('is a child of what the headers name: $how', ({ value }) => {
    const scope = new KafkaTracingInterceptor().attempt(deliveryOf({ headers: { traceparent: value } }), undefined);
    expect(scope?.traceId).toBe(TRACE);
    scope?.ended?.(undefined);
    expect(parentOf(spans.one('process orders'))).toBe(`${TRACE}-${SENDER}`);
  });

  it.each<{ how: string; headers: RecordHeaders }>([
    { how: 'no headers', headers: {} },
    { how: 'nonsense', headers: { traceparent: Buffer.from('what?') } },
    { how: 'an empty list', headers: { traceparent: [] } },
  ])('is a root where the headers name nothing: $how', ({ headers }) => {
    const other = trace.getTracer('test').startSpan('of somebody else');
    context.with(trace.setSpan(ROOT_CONTEXT, other), () =>
      handle(new KafkaTracingInterceptor(), deliveryOf({ headers })),
    );
    expect(spans.one('process orders').parentSpanContext).toBeUndefined();
  });

  it.each<{ key: Buffer; options: KafkaTracingOptions; shown: string | undefined }>([
    { key: Buffer.from('größe'), options: {}, shown: 'größe' },
    { key: Buffer.from([0, 0, 0, 42]), options: {}, shown: undefined },
    { key: Buffer.from([0x6b, 0xff]), options: {}, shown: undefined },
    { key: Buffer.alloc(0), options: {}, shown: '' },
    { key: Buffer.from('key'), options: { key: 'none' }, shown: undefined },
    // printf key | sha256sum | cut -c1-16
    { key: Buffer.from('key'), options: { key: 'hash' }, shown: '2c70e12b7a0646f9' },
    { key: Buffer.from([0, 0, 0, 42]), options: { key: 'hash' }, shown: 'ae3c8b8d99a39542' },
  ])('shows key $key as $shown with $options', ({ key, options, shown }) => {
    handle(new KafkaTracingInterceptor(options), deliveryOf({ key }));
    expect(spans.one('process orders').attributes['kafka.message.key']).toBe(shown);
  });

  class OutOfStock extends Error {}
  it.each([
    { error: new OutOfStock('none left'), type: 'OutOfStock' },
    { error: new TypeError('no function'), type: 'TypeError' },
    { error: new KafkaWorkerError('HANDLER_TIMEOUT', 'too long'), type: 'HANDLER_TIMEOUT' },
  ])('is an error of type $type', ({ error, type }) => {
    handle(new KafkaTracingInterceptor(), fakeDelivery(), error);
    const span = spans.one('process orders');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: error.message });
    expect(span.attributes['error.type']).toBe(type);
    expect(span.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.message': error.message, 'exception.stacktrace': error.stack } },
    ]);
  });

  it('is none where the handler says what is to be done with the record', () => {
    handle(new KafkaTracingInterceptor(), fakeDelivery(), new SkipRecordError('not mine'));
    const span = spans.one('process orders');
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.events).toEqual([]);
    expect(span.attributes['kafka_worker.steering']).toBe('SKIP_RECORD');
  });

  it('is linked with the failed one before where the record was sent without a trace, and not where it was', () => {
    const tracing = new KafkaTracingInterceptor();
    for (const { record } of [fakeDelivery(), deliveryOf({ headers: { traceparent: PARENT } })]) {
      handle(tracing, fakeDelivery({ record, attempt: 1 }), new Error('once more'));
      handle(tracing, fakeDelivery({ record, attempt: 2 }));
    }
    const [first, second, ...sent] = spans.all;
    expect(second?.links.map(({ context }) => context)).toEqual([first?.spanContext()]);
    expect([...(first?.links ?? []), ...sent.flatMap(({ links }) => links)]).toEqual([]);
  });

  it('is active in the handler, and not behind it', () => {
    const scope = new KafkaTracingInterceptor().attempt(fakeDelivery(), undefined);
    const active = scope?.run?.(() => trace.getActiveSpan()) as ReturnType<typeof trace.getActiveSpan>;
    expect(trace.getActiveSpan()).toBeUndefined();
    scope?.ended?.(undefined);
    expect(active && idOf(active)).toBe(idOf(spans.one('process orders')));
  });

  it('keeps what somebody sets in its context, and lets it be taken out again', () => {
    const key = Symbol('test');
    new KafkaTracingInterceptor().attempt(fakeDelivery(), undefined)?.run?.(() => {
      const active = context.active();
      const more = active.setValue(key, 'mine');
      expect([more.getValue(key), active.getValue(key), more.deleteValue(key).getValue(key)]).toEqual([
        'mine',
        undefined,
        undefined,
      ]);
      expect(trace.getSpan(more)).toBe(trace.getActiveSpan());
    });
    expect.assertions(2);
  });
});

describe('what is sent', () => {
  const record: OutgoingRecord = { topic: 'bills', key: 'k', value: 'v', headers: { mine: 'stays' } };

  it('has the context of its span in its headers, and a parent in what is active', () => {
    const request = trace.getTracer('test').startSpan('GET /');
    const scope = context.with(trace.setSpan(ROOT_CONTEXT, request), () =>
      new KafkaTracingInterceptor().sending([record], undefined),
    );
    scope?.ended(undefined);
    const span = spans.one('send bills');
    expect(span.kind).toBe(SpanKind.PRODUCER);
    expect(parentOf(span)).toBe(idOf(request));
    const { traceId, spanId } = span.spanContext();
    expect(scope?.records).toEqual([
      { ...record, headers: { mine: 'stays', traceparent: `00-${traceId}-${spanId}-01` } },
    ]);
    expect(record.headers).toEqual({ mine: 'stays' });
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'bills',
      'kafka.message.key': 'k',
    });
  });

  it('has one span for a call, with no topic in its name where there are several', () => {
    const tracing = new KafkaTracingInterceptor();
    tracing.sending([record, record], undefined)?.ended(undefined);
    tracing.sending([record, { topic: 'mails', value: null, partition: 3 }], undefined)?.ended(undefined);
    tracing.sending([{ topic: 'mails', value: null, partition: 3 }], undefined)?.ended(undefined);
    const [same, mixed, tombstone] = spans.all;
    expect(spans.names()).toEqual(['send bills', 'send', 'send mails']);
    expect(same?.attributes).toMatchObject({
      'messaging.batch.message_count': 2,
      'messaging.destination.name': 'bills',
    });
    expect(same?.attributes).not.toHaveProperty('kafka.message.key');
    expect(mixed?.attributes).not.toHaveProperty('messaging.destination.name');
    expect(tombstone?.attributes).toMatchObject({
      'kafka.message.tombstone': true,
      'messaging.destination.partition.id': '3',
    });
  });

  it('keeps a context of its own, which its span is linked with', () => {
    const own = { ...record, headers: { traceparent: Buffer.from(PARENT) } };
    const tracing = new KafkaTracingInterceptor();
    const alone = tracing.sending([own], undefined);
    const mixed = tracing.sending([own, record], undefined);
    alone?.ended(undefined);
    mixed?.ended(undefined);
    expect(alone?.records[0]).toBe(own);
    expect(mixed?.records[0]).toBe(own);
    expect(mixed?.records[1]?.headers).toHaveProperty('traceparent');
    for (const span of spans.all) expect(span.links).toMatchObject([{ context: { traceId: TRACE, spanId: SENDER } }]);
    expect(spans.all.map(({ kind }) => kind)).toEqual([SpanKind.CLIENT, SpanKind.PRODUCER]);
  });

  it('is told of the attempt whose copy it is, in the place of what the record was sent in', () => {
    const tracing = new KafkaTracingInterceptor();
    const headers = { traceparent: PARENT, tracestate: 'vendor=1', mine: 'stays' };
    const attempt = tracing.attempt(deliveryOf({ headers: { traceparent: PARENT } }), undefined);
    expect(attempt?.by).toBe(tracing);
    attempt?.ended?.(new Error('broken'));
    const scope = tracing.sending([{ topic: 'dead', value: 'v', headers }], attempt);
    scope?.ended(undefined);
    const span = spans.one('send dead');
    expect(parentOf(span)).toBe(idOf(spans.one('process orders')));
    expect(scope?.records[0]?.headers).toEqual({
      mine: 'stays',
      traceparent: `00-${TRACE}-${span.spanContext().spanId}-01`,
    });
  });

  it('says that it was not sent', () => {
    new KafkaTracingInterceptor().sending([record], undefined)?.ended(new KafkaWorkerError('SEND_FAILED', 'no leader'));
    expect(spans.one('send bills')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'SEND_FAILED' },
    });
  });

  it('is left alone where there is nothing, or tracing is suppressed', () => {
    const tracing = new KafkaTracingInterceptor();
    expect(tracing.sending([], undefined)).toBeUndefined();
    context.with(suppressTracing(ROOT_CONTEXT), () => {
      expect(tracing.sending([record], undefined)).toBeUndefined();
    });
    expect(spans.all).toEqual([]);
  });
});

const where = { topic: 'orders', partition: 1, worker: 'Orders#on', groupId: 'group' };

describe('batches', () => {
  const taken = { ...where, firstOffset: 5, count: 2 };

  it('are asked for only where they have spans', () => {
    expect(new KafkaTracingInterceptor().batch).toBeUndefined();
    expect(new KafkaTracingInterceptor({ spans: 'batch' }).batch).toBeDefined();
  });

  it('and their records are linked both ways', () => {
    const tracing = new KafkaTracingInterceptor({ spans: 'both' });
    const batch = tracing.batch?.(taken);
    handle(tracing, fakeDelivery(), undefined, batch);
    handle(tracing, fakeDelivery(), new Error('broken'), batch);
    expect(spans.names()).toEqual(['process orders', 'process orders']);
    batch?.ended();
    const span = spans.one('receive orders');
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'receive',
      'messaging.operation.type': 'receive',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '1',
      'messaging.consumer.group.name': 'group',
      'messaging.batch.message_count': 2,
      'kafka_worker.worker': 'Orders#on',
      'kafka_worker.first_offset': 5,
    });
    const records = spans.named('process orders');
    expect(span.links.map(({ context }) => context.spanId)).toEqual(records.map((one) => one.spanContext().spanId));
    for (const { links } of records) expect(links.map(({ context }) => context)).toEqual([span.spanContext()]);
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('alone stand around the handlers of their records, and know what has sent them and what has failed', () => {
    const tracing = new KafkaTracingInterceptor({ spans: 'batch' });
    const batch = tracing.batch?.(taken);
    const first = tracing.attempt(deliveryOf({ headers: { traceparent: PARENT } }), batch);
    first?.run?.(() => trace.getTracer('test').startSpan('query').end());
    first?.ended?.(undefined);
    const second = tracing.attempt(fakeDelivery(), batch);
    second?.ended?.(new TypeError('broken'));
    tracing.sending([{ topic: 'dead', value: 'v' }], second)?.ended(undefined);
    batch?.ended();
    expect(spans.tree()).toEqual(['receive orders failed: TypeError', '  query', '  send dead']);
    const span = spans.one('receive orders');
    expect(first?.traceId).toBe(span.spanContext().traceId);
    expect(span.links).toMatchObject([{ context: { traceId: TRACE, spanId: SENDER } }]);
    expect(span.links).toHaveLength(1);
    expect(span.attributes['kafka_worker.failed_attempts']).toBe(1);
  });

  it('have no more links and errors than an SDK keeps, and count the others', () => {
    const tracing = new KafkaTracingInterceptor({ spans: 'both' });
    const batch = tracing.batch?.({ ...taken, count: 130 });
    for (let i = 0; i < 130; i++) handle(tracing, fakeDelivery(), undefined, batch);
    batch?.ended();
    const span = spans.one('receive orders');
    expect(span.links).toHaveLength(128);
    expect(span.droppedLinksCount).toBe(0);
    expect(span.attributes['kafka_worker.links_left_out']).toBe(2);
  });
});

it('a batch whose partition has gone is told nothing of the attempts that it left behind', () => {
  const warned: string[] = [];
  const warn = (message: string): void => void warned.push(message);
  diag.setLogger(
    { warn, error: warn, info: warn, debug: () => undefined, verbose: () => undefined },
    DiagLogLevel.WARN,
  );
  const tracing = new KafkaTracingInterceptor({ spans: 'batch' });
  const batch = tracing.batch?.({ ...where, firstOffset: 5, count: 1 });
  const attempt = tracing.attempt(fakeDelivery(), batch);
  batch?.ended();
  attempt?.ended?.(new Error('cut off'));
  diag.disable();
  expect(spans.one('receive orders').status.code).toBe(SpanStatusCode.UNSET);
  expect(warned).toEqual([]);
});

describe('operations', () => {
  it('are traces of their own, as long as they took', () => {
    const request = trace.getTracer('test').startSpan('somebody');
    const tracing = new KafkaTracingInterceptor({ clientId: 'shop-1' });
    context.with(trace.setSpan(ROOT_CONTEXT, request), () => {
      tracing.event?.({ type: 'commit.succeeded', groupId: 'group', partitions: 2, durationMs: 30 });
    });
    const span = spans.one('commit');
    expect(span.kind).toBe(SpanKind.CLIENT);
    expect(span.parentSpanContext).toBeUndefined();
    expect(span.spanContext().traceId).not.toBe(request.spanContext().traceId);
    expect(span.duration[0] * 1e3 + span.duration[1] / 1e6).toBeCloseTo(30, 3);
    expect(span.attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'commit',
      'messaging.operation.type': 'settle',
      'messaging.consumer.group.name': 'group',
      'messaging.client.id': 'shop-1',
      'kafka_worker.outcome': 'succeeded',
      'kafka_worker.partitions': 2,
    });
  });

  it('tell of commits that fail, of drains and of rebalances', () => {
    const { event } = new KafkaTracingInterceptor();
    const error = new KafkaWorkerError('CONNECTION', 'no broker');
    event?.({ type: 'commit.failed', groupId: 'group', error, willRetry: true });
    const drain = { groupId: 'group', cause: 'shutdown', outcome: 'timeout', finished: 3, left: 1 } as const;
    event?.({ type: 'drain.finished', ...drain, durationMs: 40 });
    const at = (partition: number): { topic: string; partition: number } => ({ topic: 'orders', partition });
    const parts = { assigned: [at(0), at(1)], revoked: [at(2)], kept: [] };
    event?.({ type: 'group.rebalanced', groupId: 'group', generation: 7, memberId: 'm', ...parts, durationMs: 5 });
    event?.({ type: 'engine.state', state: 'RUNNING' });
    expect(spans.tree()).toEqual(
      expect.arrayContaining(['commit failed: CONNECTION', 'drain group', 'rebalance group']),
    );
    expect(spans.all).toHaveLength(3);
    expect(spans.one('commit').attributes['kafka_worker.outcome']).toBe('retried');
    expect(spans.one('drain group').attributes).toMatchObject({
      'kafka_worker.cause': 'shutdown',
      'kafka_worker.outcome': 'timeout',
      'kafka_worker.finished': 3,
      'kafka_worker.left': 1,
    });
    expect(spans.one('rebalance group').attributes).toMatchObject({
      'kafka_worker.generation': 7,
      'kafka_worker.member': 'm',
      'kafka_worker.assigned': 2,
      'kafka_worker.revoked': 1,
      'kafka_worker.kept': 0,
    });
  });

  it('are left out where tracing is suppressed, or where they are not wanted', () => {
    const told = { type: 'commit.succeeded', groupId: 'group', partitions: 1, durationMs: 1 } as const;
    context.with(suppressTracing(ROOT_CONTEXT), () => new KafkaTracingInterceptor().event?.(told));
    expect(new KafkaTracingInterceptor({ operations: false }).event).toBeUndefined();
    expect(spans.all).toEqual([]);
  });
});

describe('without an SDK', () => {
  it('nothing is made of what is sent, and handlers run as they would', () => {
    spans.end();
    const tracing = new KafkaTracingInterceptor();
    expect(tracing.sending([{ topic: 'bills', value: 'v' }], undefined)).toBeUndefined();
    const scope = tracing.attempt(fakeDelivery(), undefined);
    expect(scope?.run?.(() => 'done')).toBe('done');
    expect(scope?.traceId).toBeUndefined();
    scope?.ended?.(new Error('broken'));
  });
});

it('docs/observability.md has every attribute', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/observability.md'), 'utf8');
  expect(Object.values(ATTR).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
