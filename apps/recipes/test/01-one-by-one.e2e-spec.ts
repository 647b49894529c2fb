import { describe, expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { oneByOne } from '../src/recipes/01-one-by-one/recipe.js';
import { expectOneByOne } from './expected/01-one-by-one.js';
import { InvoicesModule } from '../src/recipes/01-one-by-one/invoices.module.js';
import { InvoicesService } from '../src/recipes/01-one-by-one/invoices.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('one record at a time; failures are passed and committed', async () => {
  expectOneByOne(await play(oneByOne));
});

describe('the handler', () => {
  it('books an invoice', async () => {
    const { moduleRef, kafka } = await testRecipe(InvoicesModule);
    expect(await kafka.deliver('invoices', { id: 'inv-1', amount: 10 })).toMatchObject({ disposition: 'done' });
    expect(moduleRef.get(InvoicesService).booked).toEqual(['inv-1']);
  });

  it('passes one that fails after a single attempt, and commits it', async () => {
    const { moduleRef, kafka } = await testRecipe(InvoicesModule);
    const [bad, good] = await kafka.deliverAll('invoices', [
      { id: 'inv-1', amount: -5 },
      { id: 'inv-2', amount: 10 },
    ]);
    expect(bad).toMatchObject({
      disposition: 'skipped',
      attempts: 1,
      error: { message: 'invoice inv-1 has an amount of -5' },
    });
    expect(good).toMatchObject({ disposition: 'done' });
    expect(moduleRef.get(InvoicesService).booked).toEqual(['inv-2']);
    await kafka.commit();
    expect(kafka.committed('invoices')).toBe(2);
  });
});
