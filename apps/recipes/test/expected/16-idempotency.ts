import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { idempotency } from '../../src/recipes/16-idempotency/recipe.js';

export function expectIdempotency(outcome: OutcomeOf<typeof idempotency>): void {
  // Twelve payments, 36 records, twelve charges: nothing is charged twice, nothing is left out.
  expect(outcome.charged).toHaveLength(12);
  expect(new Set(outcome.charged).size).toBe(12);
  expect(outcome.atOnce).toEqual({ charged: 12, skipped: 12 });
  expect(outcome.late).toEqual({ charged: 0, skipped: 12 });
  // The one that the bank refused gave its key back.
  expect(outcome.refused).toBe(1);
  expect(outcome.charged).toContain('payment-f');
  // Both members took part, and met.
  expect(new Set(outcome.runs.map(({ member }) => member))).toEqual(new Set(['A', 'B']));
  expect(outcome.waited).toBeGreaterThan(0);
  expect(outcome.progress).toMatchObject({ committed: [24, 12], lag: 0 });
}
