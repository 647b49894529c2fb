import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { keyConcurrent } from '../../src/recipes/05-key-concurrent/recipe.js';

export function expectKeyConcurrent(outcome: OutcomeOf<typeof keyConcurrent>): void {
  // Six keys on two partitions: more at once than partitions, never more than keys.
  expect(outcome.atOnce).toBeGreaterThan(2);
  expect(outcome.atOnce).toBeLessThanOrEqual(6);
  expect(outcome.outOfOrder).toEqual([]);
  const history = ['placed', 'paid', 'packed', 'shipped'];
  expect(outcome.history).toEqual(
    Object.fromEntries(Array.from({ length: 6 }, (_, order) => [`order-${order}`, history])),
  );
  expect(outcome.progress.committed).toEqual(outcome.progress.ends);
  expect(outcome.progress.lag).toBe(0);
}
