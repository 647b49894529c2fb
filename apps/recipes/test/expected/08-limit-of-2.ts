import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { limitOf2 } from '../../src/recipes/08-limit-of-2/recipe.js';

export function expectLimitOf2(outcome: OutcomeOf<typeof limitOf2>): void {
  expect(outcome.atOnce).toBe(2);
  expect(outcome.outOfOrder).toEqual([]);
  expect(outcome.printed.length).toBe(15);
  // The only failure is the one that was seeded: two printers were always enough.
  expect(outcome.failures).toEqual(['paper jam at cleo/0']);
  // While cleo's ticket waited for its next attempt, others used both printers.
  const [jam, again] = outcome.runs.filter(({ key, offset }, _, all) => {
    const first = all.find((run) => run.outcome === 'failed');
    return key === 'cleo' && offset === first?.offset;
  });
  const meanwhile = outcome.runs.filter(
    ({ startedAt }) => startedAt >= (jam?.endedAt ?? Infinity) && startedAt < (again?.startedAt ?? 0),
  );
  expect(meanwhile.length).toBeGreaterThanOrEqual(2);
  expect(meanwhile.some(({ key }) => key === 'cleo')).toBe(false);
  expect(outcome.progress.lag).toBe(0);
}
