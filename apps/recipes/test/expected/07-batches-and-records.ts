import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { batchesAndRecords } from '../../src/recipes/07-batches-and-records/recipe.js';

export function expectBatchesAndRecords(outcome: OutcomeOf<typeof batchesAndRecords>): void {
  const { records, stored, batches, batchSpans, recordSpans, progress } = outcome;
  // How many batches there are is the client's business; together they hold every record, and every attempt.
  const sum = (of: 'records' | 'attempts' | 'failed'): number => batches.reduce((total, one) => total + one[of], 0);
  expect(sum('records')).toBe(records);
  expect(sum('attempts')).toBe(records + 2);
  expect(sum('failed')).toBe(3);
  expect(stored).toBe(records - 1);

  // A span for each of both, linked both ways.
  expect(batchSpans).toHaveLength(batches.length);
  expect(recordSpans).toHaveLength(records + 2);
  const batchIds = new Set(batchSpans.map((span) => span.spanContext().spanId));
  for (const { links } of recordSpans) expect(batchIds).toContain(links[0]?.context.spanId);
  expect(batchSpans.flatMap(({ links }) => links.map(({ context }) => context.spanId)).toSorted()).toEqual(
    recordSpans.map((span) => span.spanContext().spanId).toSorted(),
  );
  expect(progress.committed).toEqual(progress.ends);
}
