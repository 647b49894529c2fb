import { it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { gracefulShutdown } from '../src/recipes/02-graceful-shutdown/recipe.js';
import { expectGracefulShutdown } from './expected/02-graceful-shutdown.js';

jest.setTimeout(60_000);

it('SIGTERM: the probe says no first, handlers finish, are committed, the process ends', async () => {
  expectGracefulShutdown(await play(gracefulShutdown));
});
