import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { onePartitionAtATime } from '../../src/recipes/09-one-partition-at-a-time/recipe.js';

export function expectOnePartitionAtATime(outcome: OutcomeOf<typeof onePartitionAtATime>): void {
  expect(outcome.partitionsAtOnce).toBe(1);
  expect(outcome.atOnce).toBe(3);
  expect(outcome.outOfOrder).toEqual([]);
  expect(outcome.runs.length).toBe(36);
  expect(new Set(outcome.opened)).toEqual(new Set([0, 1, 2]));
  expect(outcome.progress).toMatchObject({ committed: [12, 12, 12], lag: 0 });
}
