import { expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { MeterService } from '../src/recipes/21-assignment-strategies/meter.service.js';
import { MetersModule } from '../src/recipes/21-assignment-strategies/meters.module.js';
import { assignmentStrategies } from '../src/recipes/21-assignment-strategies/recipe.js';
import { expectAssignmentStrategies } from './expected/21-assignment-strategies.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('an eager group stops everything when a member comes, a cooperative one only what moves', async () => {
  expectAssignmentStrategies(await play(assignmentStrategies));
});

it('the handler stores a reading', async () => {
  const { moduleRef, kafka } = await testRecipe(MetersModule.with('cooperative'), { topics: { readings: 1 } });
  expect(await kafka.deliver('readings', { ms: 5 })).toMatchObject({ disposition: 'done' });
  expect(moduleRef.get(MeterService).stored).toBe(1);
});
