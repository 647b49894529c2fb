import { expect, it, jest } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { play } from '../src/harness/play.js';
import { crash } from '../src/recipes/14-crash/recipe.js';
import { expectCrash } from './expected/14-crash.js';
import { ChargesModule } from '../src/recipes/14-crash/charges.module.js';
import { ChargesService, type Charge } from '../src/recipes/14-crash/charges.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('after kill -9 comes again what was not committed, and nothing else', async () => {
  expectCrash(await play(crash));
});

it('the next member collects what was not committed, and nothing else', async () => {
  const gate = deferred();
  const collected: number[] = [];
  const collect = async ({ ms }: Charge): Promise<void> => {
    collected.push(ms);
    if (ms === 0) await gate.promise;
  };
  const mocked = (builder: TestingModuleBuilder): unknown =>
    builder.overrideProvider(ChargesService).useValue({ collect });

  const first = await testRecipe(ChargesModule, {}, mocked);
  const { kafka } = first;
  const charge = (ms: number) => ({ key: `account-${ms}`, value: { ms } });
  const slow = kafka.deliver('charges', charge(0), { moveTime: false });
  // Four are committed beside the offset that the slow one holds; the fifth is done and not committed.
  await kafka.deliverAll('charges', [1, 2, 3, 4].map(charge));
  await kafka.tick();
  await kafka.deliver('charges', charge(5));
  kafka.cluster.crash(kafka.cluster.group('bank').members[0]?.memberId ?? '');

  const second = await testRecipe(ChargesModule, { joins: kafka }, mocked);
  collected.length = 0;
  await second.kafka.advance(10_000); // the session of the first one is over
  expect(collected).toEqual([0, 5]);
  gate.resolve();
  await slow;
  await second.kafka.commit();
  expect(kafka.committed('charges')).toBe(6);
});
