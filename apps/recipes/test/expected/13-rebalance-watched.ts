import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { rebalanceWatched } from '../../src/recipes/13-rebalance-watched/recipe.js';

export function expectRebalanceWatched({ drain, commitCompleted }: OutcomeOf<typeof rebalanceWatched>): void {
  // Every handler that ran was waited for; nobody was cut off, nothing came twice.
  expect(drain.running).toBeGreaterThan(0);
  expect(drain.finished).toBe(drain.running);
  expect(drain).toMatchObject({ cutOff: [], redelivered: [], doneTwice: [], moved: 2, lag: 0 });

  // Nobody was waited for; what ran was cut off, and exactly that came again.
  expect(commitCompleted.running).toBeGreaterThan(0);
  expect(commitCompleted).toMatchObject({ finished: 0, doneTwice: [], moved: 2, lag: 0 });
  expect(commitCompleted.cutOff.length).toBe(commitCompleted.running);
  expect(commitCompleted.redelivered.toSorted()).toEqual(commitCompleted.cutOff.toSorted());
}
