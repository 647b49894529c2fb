import { expect, it, jest } from '@jest/globals';
import { KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import { play } from '../src/harness/play.js';
import { competingConsumers } from '../src/recipes/20-competing-consumers/recipe.js';
import { expectCompetingConsumers } from './expected/20-competing-consumers.js';
import { JobsModule } from '../src/recipes/20-competing-consumers/jobs.module.js';
import { JobsService } from '../src/recipes/20-competing-consumers/jobs.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('one of three stands by, one is killed, the one that stood by takes over', async () => {
  expectCompetingConsumers(await play(competingConsumers));
});

it('a member that stood by takes the partition of one that died', async () => {
  const first = await testRecipe(JobsModule, { topics: { jobs: 2 } });
  const others = [
    await testRecipe(JobsModule, { joins: first.kafka }),
    await testRecipe(JobsModule, { joins: first.kafka }),
  ];
  const members = [first, ...others];
  const owned = (): number[] =>
    members.map(({ moduleRef }) => moduleRef.get(KafkaWorkerRuntime).inspect().groups[0]?.partitions.length ?? 0);
  const { kafka } = first;
  const jobs = [0, 1].map((partition) => ({ partition, value: { name: `job-${partition}` } }));
  await kafka.deliverAll('jobs', jobs);
  const before = owned();
  expect(before.toSorted()).toEqual([0, 1, 1]);

  const { memberId = '' } = kafka.cluster.group('crew').members.find(({ partitions }) => partitions.length > 0) ?? {};
  kafka.cluster.crash(memberId);
  await kafka.advance(10_000);
  const standby = members[before.indexOf(0)];
  expect(owned()[before.indexOf(0)]).toBe(1);
  await kafka.deliverAll('jobs', jobs);
  expect(standby?.moduleRef.get(JobsService).finished).toHaveLength(1);
  await kafka.commit();
  expect([kafka.committed('jobs', 0), kafka.committed('jobs', 1)]).toEqual([2, 2]);
});
