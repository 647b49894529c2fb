import { describe, expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { BatchLog } from '../src/recipes/07-batches-and-records/batch-log.js';
import { ReadingsModule } from '../src/recipes/07-batches-and-records/readings.module.js';
import { batchesAndRecords } from '../src/recipes/07-batches-and-records/recipe.js';
import { expectBatchesAndRecords } from './expected/07-batches-and-records.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('batches know how long they took and what failed in them; spans of both name each other', async () => {
  expectBatchesAndRecords(await play(batchesAndRecords));
});

describe('the log of batches', () => {
  it('has one when all of it is settled, with the attempts that failed', async () => {
    const { moduleRef, kafka } = await testRecipe(ReadingsModule);
    await kafka.deliverAll('readings', [
      { key: 'a', value: { celsius: 20, ms: 0 } },
      { key: 'a', value: { celsius: 120, ms: 0 } },
      { key: 'a', value: { celsius: -300, ms: 0 } },
    ]);
    const { batches } = moduleRef.get(BatchLog, { strict: false });
    const total = (of: 'attempts' | 'failed'): number => batches.reduce((sum, batch) => sum + batch[of], 0);
    expect(batches.reduce((sum, { taken }) => sum + taken.count, 0)).toBe(3);
    expect([total('attempts'), total('failed')]).toEqual([5, 3]);
  });
});
