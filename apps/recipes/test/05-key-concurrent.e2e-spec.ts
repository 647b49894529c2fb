import { expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { keyConcurrent } from '../src/recipes/05-key-concurrent/recipe.js';
import { expectKeyConcurrent } from './expected/05-key-concurrent.js';

jest.setTimeout(60_000);

it('keys at once, each in its order', async () => {
  const outcome = await play(keyConcurrent);
  expectKeyConcurrent(outcome);
  expect(outcome.atOnce).toBe(6);
});
