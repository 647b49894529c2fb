import { expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { limitOf2 } from '../src/recipes/08-limit-of-2/recipe.js';
import { expectLimitOf2 } from './expected/08-limit-of-2.js';
import { TicketsModule } from '../src/recipes/08-limit-of-2/tickets.module.js';
import { TicketsService } from '../src/recipes/08-limit-of-2/tickets.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('never more than two handlers; one that waits for its next attempt leaves its place', async () => {
  expectLimitOf2(await play(limitOf2));
});

it('a ticket that jams waits for its next attempt while two others use the printers', async () => {
  const { moduleRef, kafka } = await testRecipe(TicketsModule);
  const results = await kafka.deliverAll(
    'tickets',
    ['cleo', 'ada', 'ben', 'dan'].map((guest) => ({ key: guest, value: { guest, seat: 1, jams: guest === 'cleo' } })),
  );
  // A third printer at once would have been an error.
  expect(results.map(({ attempts, durationMs }) => [attempts, durationMs])).toEqual([
    [2, 60],
    [1, 0],
    [1, 0],
    [1, 0],
  ]);
  expect(results[0]?.error?.message).toBe('paper jam at cleo/1');
  expect(moduleRef.get(TicketsService).printed.at(-1)).toBe('cleo/1');
});
