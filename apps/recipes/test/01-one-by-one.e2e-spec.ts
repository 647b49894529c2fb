import { it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { oneByOne } from '../src/recipes/01-one-by-one/recipe.js';
import { expectOneByOne } from './expected/01-one-by-one.js';

jest.setTimeout(60_000);

it('one record at a time; failures are passed and committed', async () => {
  expectOneByOne(await play(oneByOne));
});
