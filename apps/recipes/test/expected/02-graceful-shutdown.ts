import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { gracefulShutdown } from '../../src/recipes/02-graceful-shutdown/recipe.js';

export function expectGracefulShutdown(outcome: OutcomeOf<typeof gracefulShutdown>): void {
  expect(outcome.before).toBe(200);
  expect(outcome.flippedFirst).toBe(true);
  expect(JSON.parse(outcome.whyNotReady)).toMatchObject({
    status: 'error',
    error: { kafka: { status: 'down', causes: [{ cause: 'draining' }] } },
  });
  expect(outcome.wasLiveThroughout).toBe(true);
  expect(outcome.startedForGood).toBe(true);
  expect(outcome.exit).toBe(0);
  // What had begun has finished and is committed; the rest is untouched.
  expect(outcome).toMatchObject({ begun: 4, finished: 4, begunAfterSignal: 0 });
  expect(outcome.left).toMatchObject({ committed: [4], ends: [7], lag: 3 });
  expect(outcome.membersLeft).toBe(0);
  expect(outcome.redelivered).toEqual([]);
  expect(outcome.progress.lag).toBe(0);
}
