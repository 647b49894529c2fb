import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { parallel } from '../../src/recipes/04-parallel/recipe.js';

export function expectParallel(outcome: OutcomeOf<typeof parallel>): void {
  expect(outcome.atOnce).toBe(8);
  expect(new Set(outcome.finished).size).toBe(40);
  // First in the log, last to be finished.
  expect(outcome.finished.at(-1)).toBe('0.jpg');
  expect(outcome.held).toMatchObject({ frontier: 0, heldBy: { offset: 0, state: 'running' }, running: 1 });
  // The offset waits for it, what is done above stands beside.
  expect(outcome.meanwhile).toMatchObject({ committed: [0], ends: [40] });
  expect(outcome.meanwhile.metadata[0]).toMatch(/^kw1/);
  expect(outcome.progress).toMatchObject({ committed: [40], metadata: [''], lag: 0 });
}
