import { it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { parallel } from '../src/recipes/04-parallel/recipe.js';
import { expectParallel } from './expected/04-parallel.js';

jest.setTimeout(60_000);

it('no order; what is done above an unfinished record is committed beside the offset', async () => {
  expectParallel(await play(parallel));
});
