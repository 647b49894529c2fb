import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { fanOut } from '../../src/recipes/19-fan-out/recipe.js';

export function expectFanOut(outcome: OutcomeOf<typeof fanOut>): void {
  expect(outcome.workers.map(({ worker, groupId }) => ({ worker, groupId }))).toEqual([
    { worker: 'BillingWorker#onPurchase', groupId: 'billing' },
    { worker: 'SearchWorker#onPurchase', groupId: 'search' },
  ]);
  for (const group of [outcome.billing, outcome.search]) {
    expect(group.records).toBe(24);
    expect(group.progress).toMatchObject({ committed: [12, 12], lag: 0 });
  }
  expect(outcome.outOfOrder).toEqual([]);
  expect(Object.values(outcome.balances)).toEqual([600, 600, 600, 600]);
  expect(outcome.indexed).toBe(24);
  // Search went at its own pace.
  expect(outcome.search.ms).toBeLessThan(outcome.billing.ms);
}
