import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { crash } from '../../src/recipes/14-crash/recipe.js';

export function expectCrash({ fates, atKill, ...outcome }: OutcomeOf<typeof crash>): void {
  const of = (first: string, next: string): number =>
    fates.filter((fate) => fate.first === first && fate.next === next).length;
  // Two commits of four records each; the slow first record holds the offset, so they stand beside it.
  expect(atKill.committed).toEqual([0]);
  expect(atKill.metadata[0]).toMatch(/^kw1/);
  expect(of('done', 'not delivered: committed')).toBeGreaterThanOrEqual(4);
  // What ran comes again, the slow one among it; so does what was done and not committed.
  expect(fates[0]).toMatchObject({ first: 'cut off', next: 'delivered again' });
  expect(fates.filter(({ first, next }) => first === 'cut off' && next !== 'delivered again')).toEqual([]);
  // Whatever had not begun comes for the first time.
  expect(fates.filter(({ first, next }) => first === 'not begun' && next !== 'delivered')).toEqual([]);
  expect(of('not begun', 'delivered')).toBeGreaterThan(0);
  expect(outcome).toMatchObject({ outOfOrderInSecond: [], unfinished: 0 });
  expect(outcome.progress).toMatchObject({ committed: [24], lag: 0 });
}
