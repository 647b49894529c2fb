import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { competingConsumers } from '../../src/recipes/20-competing-consumers/recipe.js';

export function expectCompetingConsumers(outcome: OutcomeOf<typeof competingConsumers>): void {
  const counts = (owned: Record<string, readonly number[]>): number[] =>
    Object.values(owned)
      .map((partitions) => partitions.length)
      .sort();
  // Three members, two partitions: one stands by, and after the kill it has work.
  expect(counts(outcome.before)).toEqual([0, 1, 1]);
  expect(outcome.before[outcome.standby]).toEqual([]);
  expect(outcome.before[outcome.killed]).toEqual([0]);
  expect(counts(outcome.after)).toEqual([1, 1]);
  expect(outcome.after[outcome.standby]?.length).toBe(1);
  expect(outcome.doneBy[outcome.killed]).toBeGreaterThanOrEqual(3);
  expect(outcome.unfinished).toBe(0);
  expect(outcome.atOncePerPartition).toEqual([1, 1]);
  // At most what the killed process was at, and what it had done since its last commit, of its own partition.
  expect(outcome.redelivered.length).toBeLessThanOrEqual(4);
  expect(outcome.redelivered.filter((record) => !record.startsWith('0/'))).toEqual([]);
  expect(outcome.exits).toEqual([0, 0]);
  expect(outcome.progress).toMatchObject({ committed: [12, 12], lag: 0 });
}
