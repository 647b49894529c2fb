import { it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { limitOf2 } from '../src/recipes/08-limit-of-2/recipe.js';
import { expectLimitOf2 } from './expected/08-limit-of-2.js';

jest.setTimeout(60_000);

it('never more than two handlers; one that waits for its next attempt leaves its place', async () => {
  expectLimitOf2(await play(limitOf2));
});
