import { expect, it, jest } from '@jest/globals';
import { KafkaWorkerHealthIndicator } from '@kafka-worker/nestjs/terminus';
import { deferred } from '@kafka-worker/testing';
import { play } from '../src/harness/play.js';
import { gracefulShutdown } from '../src/recipes/02-graceful-shutdown/recipe.js';
import { expectGracefulShutdown } from './expected/02-graceful-shutdown.js';
import { ReportsModule } from '../src/recipes/02-graceful-shutdown/reports.module.js';
import { ReportsService } from '../src/recipes/02-graceful-shutdown/reports.service.js';
import { testRecipe } from './support/test-recipe.js';

jest.setTimeout(60_000);

it('SIGTERM: the probe says no first, handlers finish, are committed, the process ends', async () => {
  expectGracefulShutdown(await play(gracefulShutdown));
});

it('what runs at the shutdown finishes and is committed, what has not begun is left; the probe says no meanwhile', async () => {
  const gate = deferred();
  const { moduleRef, kafka } = await testRecipe(ReportsModule, {}, (builder) =>
    builder.overrideProvider(ReportsService).useValue({ render: () => gate.promise }),
  );
  const health = moduleRef.get(KafkaWorkerHealthIndicator, { strict: false });
  const orders = Array.from({ length: 7 }, (_, i) => ({ customer: `customer-${i}` }));
  const delivered = kafka.deliverAll('reports', orders, { moveTime: false });
  await kafka.tick();
  expect(health.isStarted('kafka')).toMatchObject({ kafka: { status: 'up' } });
  expect(health.isReady('kafka')).toMatchObject({ kafka: { status: 'up' } });

  const closed = moduleRef.close();
  await kafka.tick();
  expect(health.isReady('kafka')).toMatchObject({
    kafka: { status: 'down', causes: [{ cause: 'draining', running: 4 }] },
  });
  expect(health.isLive('kafka')).toMatchObject({ kafka: { status: 'up' } });
  gate.resolve();
  await closed;
  const dispositions = (await delivered).map(({ disposition }) => disposition);
  expect(dispositions).toEqual([...Array(4).fill('done'), ...Array(3).fill('abandoned')]);
  expect(kafka.committed('reports')).toBe(4);
});
