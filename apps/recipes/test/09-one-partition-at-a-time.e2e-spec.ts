import { it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { onePartitionAtATime } from '../src/recipes/09-one-partition-at-a-time/recipe.js';
import { expectOnePartitionAtATime } from './expected/09-one-partition-at-a-time.js';

jest.setTimeout(60_000);

it('one partition at a time, three keys of it at once', async () => {
  expectOnePartitionAtATime(await play(onePartitionAtATime));
});
