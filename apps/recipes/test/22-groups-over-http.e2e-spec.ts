import { afterEach, expect, it, jest } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import type { GroupAnswer, WorkerDetailAnswer } from '@kafka-worker/nestjs/admin';
import { play } from '../src/harness/play.js';
import { CommandLog } from '../src/recipes/22-groups-over-http/command-log.js';
import { get, post } from '../src/recipes/22-groups-over-http/http.js';
import { groupsOverHttp } from '../src/recipes/22-groups-over-http/recipe.js';
import { RefundsModule } from '../src/recipes/22-groups-over-http/refunds.module.js';
import { RefundsService } from '../src/recipes/22-groups-over-http/refunds.service.js';
import { expectGroupsOverHttp } from './expected/22-groups-over-http.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

let app: INestApplication | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

it('an operator finds what holds a group, skips it, replays, and sends a member home', async () => {
  expectGroupsOverHttp(await play(groupsOverHttp));
});

it('a refund that cannot be paid is skipped with a POST', async () => {
  const { kafka, moduleRef } = await testRecipe(RefundsModule, { topics: { refunds: 1 } });
  app = moduleRef.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  expect(await kafka.deliver('refunds', { id: 'r-1', amount: 0 })).toMatchObject({
    disposition: 'frozen',
    attempts: 2,
  });

  const worker = `${url}/kafka/workers/RefundsWorker%23onRefund`;
  expect((await get<WorkerDetailAnswer>(worker)).partitions).toMatchObject([
    { lag: 1, heldBy: { offset: 0, error: 'r-1: nothing to pay back' } },
  ]);
  expect(await post(`${worker}/unfreeze`, { skip: true }, 'tom-token')).toMatchObject({ status: 403 });
  expect(await post(`${worker}/unfreeze`, { skip: true }, 'ann-token')).toEqual({ status: 200 });
  expect(await kafka.deliver('refunds', { id: 'r-2', amount: 10 })).toMatchObject({ disposition: 'done' });
  expect(moduleRef.get(RefundsService).paid).toEqual(['r-2']);
  await kafka.commit();
  expect(await get<GroupAnswer>(`${url}/kafka/groups/refunding`)).toMatchObject({ state: 'Stable', lag: 0 });
  expect(moduleRef.get(CommandLog).events.map(({ who, outcome }) => `${who} ${outcome}`)).toEqual([
    'tom refused',
    'ann done',
  ]);
});
