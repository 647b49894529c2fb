import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { commitModes } from '../../src/recipes/12-commit-modes/recipe.js';

/** Two partitions, one handler each. */
const RUNNING = 2;
/** A cadence of ten, and what settles while a commit is on its way. */
const CADENCE = 2 * (10 + 5);
/** The last one of a batch waits for its commit, so no more than a batch is ever open. */
const BATCHES = 2 * 5;

export function expectCommitModes({ repeated, ...outcome }: OutcomeOf<typeof commitModes>): void {
  const { automatic, marks, manual } = repeated;
  const between = (records: readonly string[], least: number, most: number): void => {
    expect(records.length).toBeGreaterThanOrEqual(least);
    expect(records.length).toBeLessThanOrEqual(most);
  };
  // Where nobody waits, what runs is cut off and comes again.
  between(automatic.join, 1, RUNNING);
  between(automatic.leave, 0, RUNNING);
  // Where the hand-over is held, nothing does.
  expect(marks).toMatchObject({ join: [], leave: [] });
  // By hand, what was not asked for is not committed, drain or not.
  between(manual.join, 0, BATCHES);
  between(manual.leave, 0, BATCHES);
  // No mode repeats nothing when a member is killed: what ran comes again, and what its mode had not committed yet.
  between(automatic.kill, 1, CADENCE);
  between(marks.kill, 1, CADENCE);
  between(manual.kill, 1, BATCHES);
  // The rest of a batch is nobody's, until somebody commits it from outside.
  expect(outcome.lagBefore).toBeGreaterThan(0);
  expect(outcome.lagBefore).toBeLessThan(BATCHES);
  expect(outcome.lagAfter).toBe(0);
  expect(outcome.lag).toEqual([0, 0, 0]);
}
