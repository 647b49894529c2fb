import { it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { rebalanceWatched } from '../src/recipes/13-rebalance-watched/recipe.js';
import { expectRebalanceWatched } from './expected/13-rebalance-watched.js';

jest.setTimeout(60_000);

it('drain waits and repeats nothing; commit-completed does not wait and repeats what ran', async () => {
  expectRebalanceWatched(await play(rebalanceWatched));
});
