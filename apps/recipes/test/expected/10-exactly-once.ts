import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { exactlyOncePerRecord } from '../../src/recipes/10-exactly-once/recipe.js';

export function expectExactlyOnce({ fates, ...outcome }: OutcomeOf<typeof exactlyOncePerRecord>): void {
  const of = (first: string, next: string): number[] =>
    fates.filter((fate) => fate.first === first && fate.next === next).map(({ rows }) => rows);
  // What was committed is not delivered again, although Kafka may know nothing of it.
  expect(of('committed', 'not delivered')).toEqual([1, 1, 1, 1, 1]);
  expect(outcome.rowsAtKill).toBe(5);
  expect(outcome.kafkaAtKill).toBeLessThanOrEqual(5);
  // What had its row and not its commit comes again, and its row is there once.
  expect(of('cut off after its INSERT', 'delivered again')).toEqual([1]);
  expect(of('not begun', 'delivered')).toEqual([1, 1, 1, 1, 1, 1]);
  expect(outcome.rows).toBe(12);
  // What no transaction takes back is there twice.
  expect(outcome.receipts).toBe(13);
  expect(outcome.progress).toMatchObject({ committed: [12], lag: 0 });
}
