import { Controller, type INestApplicationContext } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { deferred, type Deferred, type InMemoryCluster } from '@kafka-worker/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freeze, KafkaWorker, retryTopics, type KafkaWorkerModuleOptions } from '@kafka-worker/nestjs';
import { KafkaWorkerHealthModule } from '@kafka-worker/nestjs/terminus';
import { boot, clusterWith, WAYS, type Way } from '../support/app.js';
import { Calls } from '../support/calls.js';
import { next, runtimeOf } from '../support/events.js';
import { healthOf, said, until } from './support/health.js';

let gate: Deferred<void>;
let started: Calls<string>;
let app: INestApplicationContext | undefined;
let cluster: InMemoryCluster;

beforeEach(() => {
  gate = deferred();
  started = new Calls();
  cluster = clusterWith('orders', 'bookings');
});
afterEach(async () => {
  gate.resolve();
  await app?.close();
  app = undefined;
});

@Controller()
class Orders {
  @KafkaWorker({ topic: 'orders' })
  async on(@Payload() value: string): Promise<void> {
    started.add(value);
    await gate.promise;
  }

  @KafkaWorker({ topic: 'bookings', concurrency: 'key', retry: { attempts: 1 }, onFailure: freeze('key') })
  book(@Payload() value: string): void {
    if (value === 'broken') throw new Error('a secret of broken');
  }
}

async function bootOne(way: Way, kafka: Partial<KafkaWorkerModuleOptions> = {}): Promise<INestApplicationContext> {
  const imports = [KafkaWorkerHealthModule.forRoot()];
  app = await boot(way, { cluster, kafka, imports, controllers: [Orders] });
  const current = app;
  await until(() => said(healthOf(current).isReady('kafka')).status === 'up');
  return app;
}

describe.each(WAYS)('lagging, %s', (way) => {
  it('down where a partition is further behind than it may be', async () => {
    await bootOne(way);
    const health = healthOf(app!);
    expect(said(health.isLagging('kafka', { maxLag: 0, maxAgeMs: 0 }))).toEqual({
      status: 'up',
      lag: 0,
      oldestUnsettledMs: 0,
    });
    cluster.produce(Array.from({ length: 3 }, (_, i) => ({ topic: 'orders', partition: 1, value: String(i) })));
    await started.reached(1);

    await until(() => said(health.isLagging('kafka', { maxLag: 2 })).status === 'down');
    const where = { connection: 'default', groupId: 'group', worker: 'Orders#on', topic: 'orders', partition: 1 };
    expect(said(health.isLagging('kafka', { maxLag: 2 }))).toMatchObject({
      causes: [{ cause: 'lag', ...where, lag: 3, maxLag: 2 }],
      lag: 3,
    });
    expect(said(health.isLagging('kafka', { maxLag: 3 })).status).toBe('up');

    await until(() => said(health.isLagging('kafka', { maxAgeMs: 20 })).status === 'down');
    expect(said(health.isLagging('kafka', { maxAgeMs: 20 })).causes).toEqual([
      { cause: 'age', ...where, ageMs: expect.any(Number), maxAgeMs: 20 },
    ]);
    // neither is a reason to start the process anew, or to send it nothing
    expect([said(health.isLive('kafka')).status, said(health.isReady('kafka')).status]).toEqual(['up', 'up']);
    gate.resolve();
    await until(() => said(health.isLagging('kafka', { maxLag: 0, maxAgeMs: 0 })).status === 'up');
  });
});

describe.each(WAYS)('frozen, %s', (way) => {
  it('down while a key is frozen, without the key and the error', async () => {
    await bootOne(way);
    const runtime = runtimeOf(app!);
    const health = healthOf(app!);
    expect(said(health.isFrozen('kafka'))).toEqual({ status: 'up' });
    const frozen = next(runtime, 'frozen');
    cluster.produce({ topic: 'bookings', partition: 0, key: 'secret', value: 'broken' });
    await frozen;
    const answer = said(health.isFrozen('kafka'));
    const where = { connection: 'default', groupId: 'group', worker: 'Orders#book', topic: 'bookings', partition: 0 };
    const cause = { cause: 'frozen', ...where, scope: 'key', reason: 'attempts', offset: 0, ageMs: expect.any(Number) };
    expect(answer).toEqual({ status: 'down', causes: [cause] });
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect([said(health.isLive('kafka')).status, said(health.isReady('kafka')).status]).toEqual(['up', 'up']);
    runtime.unfreeze({ worker: 'Orders#book' }, { skip: true });
    expect(said(health.isFrozen('kafka')).status).toBe('up');
  });

  it('a freeze of an operator counts, unless it is passed over', async () => {
    await bootOne(way);
    runtimeOf(app!).freeze({ topic: 'orders', partition: 1 });
    const health = healthOf(app!);
    expect(said(health.isFrozen('kafka')).causes).toMatchObject([
      { reason: 'operator', topic: 'orders', partition: 1 },
    ]);
    expect(said(health.isFrozen('kafka', { ignore: ['operator'] })).status).toBe('up');
  });

  it('held: down where a partition has no position that could be taken', async () => {
    gate.resolve();
    cluster.produce(Array.from({ length: 5 }, (_, i) => ({ topic: 'orders', partition: 0, value: String(i) })));
    const before = await bootOne(way);
    await started.reached(5);
    await before.close();
    expect(cluster.committed('group', 'orders', 0)?.offset).toBe(5);
    cluster.truncate('orders', 0, 2);

    await bootOne(way, { subscribe: { maxRewind: 0 } });
    const health = healthOf(app!);
    expect(said(health.isFrozen('kafka')).causes).toEqual([
      {
        cause: 'held',
        connection: 'default',
        groupId: 'group',
        worker: 'Orders#on',
        topic: 'orders',
        partition: 0,
        reason: runtimeOf(app!)
          .inspect()
          .groups[0]!.partitions.find(({ topic, partition }) => topic === 'orders' && partition === 0)!.held,
      },
    ]);
    expect([said(health.isLive('kafka')).status, said(health.isReady('kafka')).status]).toEqual(['up', 'up']);
    await runtimeOf(app!).seek({ topic: 'orders', partition: 0 }, 0);
    expect(said(health.isFrozen('kafka')).status).toBe('up');
  });

  it('a delay that was asked for is no freeze', async () => {
    @Controller()
    class Later {
      @KafkaWorker({
        topic: 'orders',
        concurrency: 'key',
        retry: { attempts: 1 },
        onFailure: retryTopics([60_000], freeze('key'), { orderedBy: 'key' }),
      })
      on(): void {
        throw new Error('not now');
      }
    }
    app = await boot(way, { cluster, imports: [KafkaWorkerHealthModule.forRoot()], controllers: [Later] });
    const frozen = next(runtimeOf(app), 'frozen');
    cluster.produce({ topic: 'orders', key: 'a', value: 'x' });
    expect((await frozen).reason).toBe('delay');
    expect(said(healthOf(app).isFrozen('kafka')).status).toBe('up');
    expect(said(healthOf(app).isFrozen('kafka', { ignore: [] })).causes).toMatchObject([
      { reason: 'delay', unfreezesAt: expect.any(Number) },
    ]);
  });
});
