import { expect } from '@jest/globals';
import { SpanStatusCode } from '@opentelemetry/api';
import { parentOf } from '../../src/harness/index.js';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { observability } from '../../src/recipes/06-observability/recipe.js';

export function expectObservability({
  text,
  lines,
  traces,
  operations,
  metrics,
}: OutcomeOf<typeof observability>): void {
  // A trace for each checkout, with everything in it: the one that was tried again has two attempts.
  const named = (name: string): typeof traces => traces.filter((span) => span.name === name);
  const requests = named('POST /checkouts');
  expect(requests).toHaveLength(3);
  const traceIds = new Set(traces.map((span) => span.spanContext().traceId));
  expect(traceIds.size).toBe(3);
  expect(named('process checkouts')).toHaveLength(4);
  expect(named('process receipts')).toHaveLength(3);
  const below: Record<string, string> = {
    'send checkouts': 'POST /checkouts',
    'process checkouts': 'send checkouts',
    'POST bank': 'process checkouts',
    'send receipts': 'process checkouts',
    'process receipts': 'send receipts',
  };
  for (const span of traces) {
    const parent = traces.find((one) => one.spanContext().spanId === parentOf(span));
    expect(parent?.name).toBe(below[span.name]);
  }
  const failed = traces.filter(({ status }) => status.code === SpanStatusCode.ERROR);
  expect(failed.map(({ name, attributes }) => [name, attributes['kafka.message.key']])).toEqual([
    ['process checkouts', 'c-2'],
  ]);
  expect(operations.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['rebalance checkout-service', 'commit', 'drain checkout-service']),
  );

  // Every line names its record and the trace that it belongs to; none says what was in it.
  expect(lines.map(({ msg }) => msg).toSorted()).toEqual([
    ...['charged', 'charged', 'charged', 'receipt is out', 'receipt is out', 'receipt is out'],
    'the bank has no answer',
  ]);
  for (const { record } of lines) {
    expect(record).toMatchObject({ group: 'checkout-service', key: expect.stringMatching(/^c-\d$/) });
    expect(traceIds).toContain(record?.['traceId']);
  }
  expect(text.join('')).not.toContain('secret');

  expect(metrics).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^kafka_worker_records_total\{.*"CheckoutsWorker#onCheckout".*"done".*\} 3$/),
      expect.stringMatching(/^kafka_worker_records_total\{.*"CheckoutsWorker#onReceipt".*"done".*\} 3$/),
      expect.stringMatching(/^kafka_worker_retries_total\{.*"CheckoutsWorker#onCheckout".*\} 1$/),
      expect.stringMatching(/^kafka_worker_handler_duration_seconds_count\{.*"CheckoutsWorker#onCheckout".*\} 4$/),
    ]),
  );
}
