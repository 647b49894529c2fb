import { expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { partitionConcurrent } from '../src/recipes/03-partition-concurrent/recipe.js';
import { expectPartitionConcurrent } from './expected/03-partition-concurrent.js';
import { ReadingsModule } from '../src/recipes/03-partition-concurrent/readings.module.js';
import { ReadingsService, type Reading } from '../src/recipes/03-partition-concurrent/readings.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('partitions at once, each in the order of its log', async () => {
  const outcome = await play(partitionConcurrent);
  expectPartitionConcurrent(outcome);
  expect(outcome.atOnce).toBe(4);
});

it('a reading that cannot be stored stops its partition after three attempts, and no other', async () => {
  const store = jest.fn(async ({ kwh }: Reading) => {
    if (kwh < 0) throw new Error('a meter does not run backwards');
  });
  const { kafka } = await testRecipe(ReadingsModule, { topics: { readings: 2 } }, (builder) =>
    builder.overrideProvider(ReadingsService).useValue({ store }),
  );
  const reading = (partition: number, kwh: number) => ({ partition, value: { meter: `meter-${partition}`, kwh } });
  const bad = await kafka.deliver('readings', reading(0, -1));
  expect(bad).toMatchObject({ disposition: 'frozen', attempts: 3 });
  await expect(kafka.deliver('readings', reading(0, 1))).rejects.toThrow('readings/0 is frozen at offset 0');
  expect(await kafka.deliver('readings', reading(1, 1))).toMatchObject({ disposition: 'done', attempts: 1 });
  await kafka.commit();
  expect([kafka.committed('readings', 0), kafka.committed('readings', 1)]).toEqual([undefined, 1]);
});
