import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { assignmentStrategies } from '../../src/recipes/21-assignment-strategies/recipe.js';

export function expectAssignmentStrategies(outcome: OutcomeOf<typeof assignmentStrategies>): void {
  const { planned, eager, cooperative } = outcome;
  const figures = (change: string): Record<string, readonly number[]> =>
    Object.fromEntries(
      planned
        .filter((one) => one.change === change)
        .map(({ strategy, moved, stopped, rounds }) => [strategy, [moved, stopped, rounds]]),
    );
  // Ten partitions for three: three have to move, and only the cooperative group goes on with the other seven.
  expect(figures('C comes')).toEqual({
    range: [5, 10, 1],
    'round-robin': [6, 10, 1],
    sticky: [3, 10, 1],
    cooperative: [3, 3, 2],
  });
  // Nothing of those that stay has to move: A's partitions have no owner any more.
  expect(figures('A goes')).toMatchObject({ sticky: [0, expect.any(Number), 1], cooperative: [0, 0, 1] });
  for (const { owned } of planned) {
    const all = Object.values(owned).flat();
    expect(all).toHaveLength(10);
    expect(new Set(all).size).toBe(10);
  }

  expect(eager.protocol).not.toBe(cooperative.protocol);
  expect(cooperative.protocol).toMatch(/cooperative/i);
  // Two of four partitions go to B. Eagerly more is waited for than that.
  expect(cooperative.waitedFor).toBeLessThanOrEqual(2);
  expect(eager.waitedFor).toBeGreaterThan(2);
  for (const watched of [eager, cooperative]) {
    expect(watched).toMatchObject({ moved: 2, redelivered: [], doneTwice: [], lag: 0 });
  }
}
