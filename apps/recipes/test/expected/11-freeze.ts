import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { freezeOnFailure } from '../../src/recipes/11-freeze/recipe.js';

export function expectFreeze(outcome: OutcomeOf<typeof freezeOnFailure>): void {
  const free = (groupId: string, partition: number) => ({ groupId, partition, committed: 6, waiting: 0 });
  const frozen = (
    groupId: string,
    partition: number,
    offset: number,
    scope: string,
    error: string,
    waiting: number,
  ) => {
    return { groupId, partition, committed: offset, heldBy: offset, frozen: scope, error, waiting };
  };
  const [comma, junk] = ["'12,50' is no amount", "'n/a' is no amount"];
  // By partition everything behind the record waits, by key only what is of its key.
  expect(outcome.atFreeze).toEqual([
    free('by-partition', 0),
    frozen('by-partition', 1, 2, 'partition', comma, 3),
    frozen('by-partition', 2, 3, 'partition', junk, 2),
    free('by-key', 0),
    frozen('by-key', 1, 2, 'account-1a', comma, 1),
    frozen('by-key', 2, 3, 'account-2b', junk, 1),
  ]);
  // Mended code goes on by itself; what it cannot read freezes again.
  expect(outcome.afterMending).toEqual([
    free('by-partition', 0),
    free('by-partition', 1),
    frozen('by-partition', 2, 3, 'partition', junk, 2),
    free('by-key', 0),
    free('by-key', 1),
    frozen('by-key', 2, 3, 'account-2b', junk, 1),
  ]);
  for (const group of [outcome.byPartition, outcome.byKey]) {
    expect(group).toMatchObject({ booked: 17, skipped: ['2/3'], redelivered: ['1/2', '2/3'], outOfOrder: [] });
    expect(group.progress).toMatchObject({ committed: [6, 6, 6], lag: 0 });
  }
}
