import { it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { crash } from '../src/recipes/14-crash/recipe.js';
import { expectCrash } from './expected/14-crash.js';

jest.setTimeout(60_000);

it('after kill -9 comes again what was not committed, and nothing else', async () => {
  expectCrash(await play(crash));
});
