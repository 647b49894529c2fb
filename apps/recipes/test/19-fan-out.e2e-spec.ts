import { expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { fanOut } from '../src/recipes/19-fan-out/recipe.js';
import { expectFanOut } from './expected/19-fan-out.js';
import { BillingService } from '../src/recipes/19-fan-out/billing.service.js';
import { SearchService } from '../src/recipes/19-fan-out/search.service.js';
import { ShopModule } from '../src/recipes/19-fan-out/shop.module.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('two groups get every record, each at its own pace', async () => {
  expectFanOut(await play(fanOut));
});

it('what stops billing does not stop search', async () => {
  const charge = async (): Promise<void> => {
    throw new Error('the card is refused');
  };
  const { moduleRef, kafka } = await testRecipe(ShopModule, {}, (builder) =>
    builder.overrideProvider(BillingService).useValue({ charge }),
  );
  const result = await kafka.deliver('purchases', { key: 'ann', value: { item: 'tea', cents: 100 } });
  expect(result.in('billing')).toMatchObject({ disposition: 'frozen', attempts: 3 });
  expect(result.in('search')).toMatchObject({ disposition: 'done', attempts: 1 });
  expect(moduleRef.get(SearchService).indexed).toEqual(new Set(['tea']));
  await kafka.commit();
  expect(kafka.committed('purchases', 0, 'search')).toBe(1);
  expect(kafka.committed('purchases', 0, 'billing')).toBeUndefined();
});
