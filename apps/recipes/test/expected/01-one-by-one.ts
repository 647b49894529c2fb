import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { oneByOne } from '../../src/recipes/01-one-by-one/recipe.js';

export function expectOneByOne(outcome: OutcomeOf<typeof oneByOne>): void {
  expect(outcome.atOnce).toBe(1);
  expect(outcome.outOfOrder).toEqual([]);
  // No second attempt at anything.
  expect(outcome.runs.map(({ attempt }) => attempt)).toEqual(Array.from({ length: 12 }, () => 1));
  expect(outcome.booked.toSorted()).toEqual([0, 1, 2, 4, 5, 6, 7, 9, 10, 11].map((i) => `inv-${i}`).toSorted());
  expect(outcome.skipped.toSorted((a, b) => a.record.localeCompare(b.record))).toEqual([
    { record: '0/4', error: 'invoice inv-8 has an amount of -5' },
    { record: '1/1', error: 'invoice inv-3 has an amount of -5' },
  ]);
  expect(outcome.progress).toMatchObject({ committed: [6, 6], lag: 0 });
}
