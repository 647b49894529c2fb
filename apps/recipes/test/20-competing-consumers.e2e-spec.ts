import { it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { competingConsumers } from '../src/recipes/20-competing-consumers/recipe.js';
import { expectCompetingConsumers } from './expected/20-competing-consumers.js';

jest.setTimeout(60_000);

it('one of three stands by, one is killed, the one that stood by takes over', async () => {
  expectCompetingConsumers(await play(competingConsumers));
});
