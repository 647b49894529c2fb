import { Controller, type INestApplicationContext } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { deferred, type Deferred, type InMemoryCluster } from '@kafka-worker/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaWorker, type KafkaWorkerModuleOptions } from '@kafka-worker/nestjs';
import { KafkaWorkerHealthModule } from '@kafka-worker/nestjs/terminus';
import { boot, clusterWith, WAYS, type Way } from '../support/app.js';
import { Calls } from '../support/calls.js';
import { next, runtimeOf } from '../support/events.js';
import { causesOf, healthOf, said, until } from './support/health.js';
import { PuppetDriver, type Puppet } from './support/puppet-driver.js';

let gate: Deferred<void>;
let started: Calls<string>;
let app: INestApplicationContext | undefined;
let cluster: InMemoryCluster;
let driver: PuppetDriver;

beforeEach(() => {
  gate = deferred();
  started = new Calls();
  cluster = clusterWith('orders');
  driver = new PuppetDriver(cluster);
});
afterEach(async () => {
  gate.resolve();
  await app?.close();
  app = undefined;
});

@Controller()
class Orders {
  @KafkaWorker({ topic: 'orders', concurrency: 'unordered' })
  async on(@Payload() value: string): Promise<void> {
    started.add(value);
    await gate.promise;
  }
}

async function bootJoined(way: Way, kafka: Partial<KafkaWorkerModuleOptions> = {}): Promise<Puppet> {
  app = await boot(way, {
    cluster,
    kafka: { driver, ...kafka },
    imports: [KafkaWorkerHealthModule.forRoot()],
    controllers: [Orders],
  });
  const current = app;
  await until(() => said(healthOf(current).isReady('kafka')).status === 'up');
  return driver.of('group');
}

describe.each(WAYS)('live, %s', (way) => {
  it('is up while all is well, and says nothing else', async () => {
    await bootJoined(way);
    expect(said(healthOf(app!).isLive('kafka'))).toEqual({ status: 'up' });
  });

  describe('crashed', () => {
    it('down where the client gave up for good', async () => {
      const puppet = await bootJoined(way);
      puppet.crash(false);
      expect(said(healthOf(app!).isLive('kafka'))).toEqual({
        status: 'down',
        causes: [
          {
            cause: 'crashed',
            connection: 'default',
            groupId: 'group',
            error: 'gave up',
            willRestart: false,
            ageMs: expect.any(Number),
          },
        ],
      });
    });

    it('up where it starts again by itself, for as long as it is heard of', async () => {
      const puppet = await bootJoined(way);
      const health = healthOf(app!);
      puppet.crash(true);
      expect(said(health.isLive('kafka')).status).toBe('up');
      expect(causesOf(health.isReady('kafka'))).toEqual(['crashed']);

      // it stays away
      await until(() => said(health.isLive('kafka', { restartMs: 20 })).status === 'down');
      expect(said(health.isLive('kafka', { restartMs: 20 })).causes).toMatchObject([
        { cause: 'crashed', willRestart: true },
      ]);
      // another word, as of a try that failed
      puppet.crash(true);
      expect(said(health.isLive('kafka', { restartMs: 20 })).status).toBe('up');
      puppet.say('joined');
      expect(said(health.isLive('kafka', { restartMs: 1 })).status).toBe('up');
    });
  });

  describe('handler-stalled', () => {
    it('down while a handler runs past its budget, naming the record; up when it has ended', async () => {
      await bootJoined(way);
      const health = healthOf(app!);
      cluster.produce({ topic: 'orders', partition: 1, key: 'secret', value: 'also secret' });
      await started.reached(1);
      expect(said(health.isLive('kafka')).status).toBe('up');

      await until(() => said(health.isLive('kafka', { stallMs: 20 })).status === 'down');
      const answer = said(health.isLive('kafka', { stallMs: 20 }));
      expect(answer.causes).toEqual([
        {
          cause: 'handler-stalled',
          connection: 'default',
          groupId: 'group',
          worker: 'Orders#on',
          topic: 'orders',
          partition: 1,
          offset: 0,
          attempt: 1,
          ageMs: expect.any(Number),
          stallMs: 20,
        },
      ]);
      expect(JSON.stringify(answer)).not.toContain('secret');
      // a worker's own bound goes before
      expect(said(health.isLive('kafka', { stallMs: 20, workers: { 'Orders#on': 60_000 } })).status).toBe('up');
      expect(said(health.isLive('kafka', { stallMs: 60_000, workers: { 'Orders#on': 20 } })).status).toBe('down');
      expect(said(health.isLive('kafka', { stallMs: Infinity })).status).toBe('up');

      gate.resolve();
      await until(() => runtimeOf(app!).inspect().running === 0);
      expect(said(health.isLive('kafka', { stallMs: 1 })).status).toBe('up');
    });

    it('the oldest are named, the others counted', async () => {
      await bootJoined(way, { worker: { limit: 30 } });
      cluster.produce(Array.from({ length: 25 }, (_, i) => ({ topic: 'orders', partition: 0, value: String(i) })));
      await started.reached(25);
      await until(() => said(healthOf(app!).isLive('kafka', { stallMs: 1 })).moreStalledHandlers === 5);
      expect(said(healthOf(app!).isLive('kafka', { stallMs: 1 })).causes).toHaveLength(20);
    });
  });

  it('loop-stalled: down where the loop has not gone round although it is joined', async () => {
    const puppet = await bootJoined(way);
    const health = healthOf(app!);
    puppet.turnedAt = Date.now();
    expect(said(health.isLive('kafka')).status).toBe('up');

    await until(() => said(health.isLive('kafka', { loopMs: 5 })).status === 'down');
    expect(said(health.isLive('kafka', { loopMs: 5 })).causes).toEqual([
      { cause: 'loop-stalled', connection: 'default', groupId: 'group', ageMs: expect.any(Number), loopMs: 5 },
    ]);
    // nobody can say whether it turns while it looks for a broker
    puppet.say('connecting');
    expect(said(health.isLive('kafka', { loopMs: 5 })).status).toBe('up');
    puppet.say('joined');
    expect(said(health.isLive('kafka', { loopMs: 5 })).status).toBe('down');
    puppet.turnedAt = Date.now() + 1000;
    expect(said(health.isLive('kafka', { loopMs: 5 })).status).toBe('up');
  });

  it('disowned: down where the broker says otherwise than the member believes', async () => {
    const puppet = await bootJoined(way, { ownershipCheckMs: 10 });
    const runtime = runtimeOf(app!);
    const { memberId } = runtime.inspect().groups[0]!;
    const disowned = next(runtime, 'group.disowned');
    puppet.becomeZombie();
    await disowned;
    expect(runtime.inspect().groups[0]!.state).toBe('joined');
    expect(said(healthOf(app!).isLive('kafka'))).toEqual({
      status: 'down',
      causes: [
        {
          cause: 'disowned',
          connection: 'default',
          groupId: 'group',
          memberId,
          partitions: [
            { topic: 'orders', partition: 0 },
            { topic: 'orders', partition: 1 },
          ],
        },
      ],
    });
    expect(causesOf(healthOf(app!).isReady('kafka'))).toEqual(['disowned']);
  });

  it('stays up through a rebalance, an outage and a drain', async () => {
    const puppet = await bootJoined(way);
    const health = healthOf(app!);
    cluster.produce({ topic: 'orders', value: 'x' });
    await started.reached(1);

    // a second member joins, and the handler that runs holds the join up
    const rebalancing = next(runtimeOf(app!), 'group.state', ({ state }) => state === 'rebalancing');
    const other = cluster.driver().createConsumer({ groupId: 'group', topics: ['orders'] });
    const joined = next(runtimeOf(app!), 'group.rebalanced');
    await other.start({
      assigned: async () => [],
      revoking: async () => {},
      lost: () => {},
      records: ({ records }) => records.length,
      stateChanged: () => {},
    });
    await rebalancing;
    expect(said(health.isLive('kafka')).status).toBe('up');
    gate.resolve();
    await joined;
    await other.stop();

    puppet.say('connecting', new Error('no answer'));
    expect(said(health.isLive('kafka')).status).toBe('up');
    puppet.say('joined');
  });

  it('stays up through a drain, whatever runs', async () => {
    await bootJoined(way);
    const health = healthOf(app!);
    cluster.produce({ topic: 'orders', value: 'x' });
    await started.reached(1);
    await until(() => said(health.isLive('kafka', { stallMs: 5 })).status === 'down');

    const drained = runtimeOf(app!).drain();
    expect(said(health.isLive('kafka', { stallMs: 5 })).status).toBe('up');
    gate.resolve();
    await drained;
    expect(said(health.isLive('kafka', { stallMs: 5 })).status).toBe('up');
  });
});
