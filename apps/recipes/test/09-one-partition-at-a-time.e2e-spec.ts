import { expect, it, jest } from '@jest/globals';
import { play } from '../src/harness/play.js';
import { onePartitionAtATime } from '../src/recipes/09-one-partition-at-a-time/recipe.js';
import { expectOnePartitionAtATime } from './expected/09-one-partition-at-a-time.js';
import { TenantsModule } from '../src/recipes/09-one-partition-at-a-time/tenants.module.js';
import { TenantsService } from '../src/recipes/09-one-partition-at-a-time/tenants.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('one partition at a time, three keys of it at once', async () => {
  expectOnePartitionAtATime(await play(onePartitionAtATime));
});

it('rows of one tenant three at once, and of no other meanwhile', async () => {
  const running: number[] = [];
  let most = 0;
  const tenantsAtOnce = new Set<number>();
  const migrate = async (tenant: number): Promise<void> => {
    running.push(tenant);
    most = Math.max(most, running.length);
    tenantsAtOnce.add(new Set(running).size);
    await new Promise((resolve) => setImmediate(resolve));
    running.splice(running.indexOf(tenant), 1);
  };
  const { kafka } = await testRecipe(TenantsModule, { topics: { rows: 2 } }, (builder) =>
    builder.overrideProvider(TenantsService).useValue({ migrate }),
  );
  const rows = Array.from({ length: 16 }, (_, i) => ({
    partition: i % 2,
    key: `table-${i >> 1}`,
    value: { table: `table-${i >> 1}`, id: i },
  }));
  const results = await kafka.deliverAll('rows', rows);
  expect(results.every(({ disposition }) => disposition === 'done')).toBe(true);
  expect(most).toBe(3);
  expect([...tenantsAtOnce]).toEqual([1]);
});
