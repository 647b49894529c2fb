import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { partitionConcurrent } from '../../src/recipes/03-partition-concurrent/recipe.js';

export function expectPartitionConcurrent(outcome: OutcomeOf<typeof partitionConcurrent>): void {
  // Brokers may hand over one partition before the other.
  expect(outcome.atOnce).toBeGreaterThan(1);
  expect(outcome.atOnce).toBeLessThanOrEqual(4);
  expect(outcome.outOfOrder).toEqual([]);
  expect(outcome.runs.length).toBe(24);
  expect(outcome.latest).toEqual({ 'meter-0': 20, 'meter-1': 21, 'meter-2': 22, 'meter-3': 23 });
  expect(outcome.progress).toMatchObject({ committed: [6, 6, 6, 6], lag: 0 });
}
