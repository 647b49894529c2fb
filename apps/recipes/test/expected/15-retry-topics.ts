import { expect } from '@jest/globals';
import type { OutcomeOf } from '../../src/harness/recipe.js';
import type { retryAndReplay } from '../../src/recipes/15-retry-topics/recipe.js';

export function expectRetryAndReplay(outcome: OutcomeOf<typeof retryAndReplay>): void {
  const everywhere = ['shipments', 'shipments', '200', '200', '400', '400'];
  expect(outcome.tries).toEqual({
    'home-1': everywhere.slice(0, 1),
    'north-2': everywhere.slice(0, 2),
    'east-3': everywhere.slice(0, 3),
    'south-4': everywhere.slice(0, 5),
    'west-5': everywhere,
    'west-6': everywhere,
  });
  expect(outcome.first).toMatchObject({ deadLetters: 2, budget: 2 });
  expect(outcome.first.taken.toSorted()).toEqual(['east-3', 'home-1', 'north-2', 'south-4']);
  // Six fail in the outage, two become dead letters: that was the budget. The others stand, and none is lost.
  expect(outcome.outage).toMatchObject({ taken: 4, deadLetters: 4, budget: 0 });
  expect(outcome.outage.frozen).toMatchObject([
    { topic: 'shipments.dispatch.retry-400', scope: 'partition', reason: 'budget' },
  ]);
  // All came from offsets of `shipments`, whatever topics they went through.
  expect(outcome.letters).toHaveLength(4);
  for (const { from, attempts, error, headers } of outcome.letters) {
    expect(from).toMatchObject({ topic: 'shipments', partition: 0 });
    expect({ attempts, error }).toEqual({
      attempts: 6,
      error: expect.stringMatching(/^DepotDownError: the depot \w+/),
    });
    expect(headers).toContain('kafka-worker-first-failed-at');
    expect(headers).not.toContain('kafka-worker-error-stack');
  }
  expect(outcome.letters.slice(0, 2).map(({ from }) => from.offset)).toEqual(expect.arrayContaining([4, 5]));
  expect(outcome).toMatchObject({ dryRun: { sent: 4 }, executed: { sent: 4 }, again: { sent: 0 } });
  // Twelve shipments, each taken over once, the four dead letters last.
  expect(outcome.taken).toHaveLength(12);
  expect(new Set(outcome.taken).size).toBe(12);
  expect(outcome.progress).toMatchObject({ committed: [16], lag: 0 });
  expect(outcome.replayed).toMatchObject({ committed: [4], lag: 0 });
}
