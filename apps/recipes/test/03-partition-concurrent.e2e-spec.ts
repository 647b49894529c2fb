import { expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { partitionConcurrent } from '../src/recipes/03-partition-concurrent/recipe.js';
import { expectPartitionConcurrent } from './expected/03-partition-concurrent.js';

jest.setTimeout(60_000);

it('partitions at once, each in the order of its log', async () => {
  const outcome = await play(partitionConcurrent);
  expectPartitionConcurrent(outcome);
  expect(outcome.atOnce).toBe(4);
});
