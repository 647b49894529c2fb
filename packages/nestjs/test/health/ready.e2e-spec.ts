import { Controller, Injectable, type INestApplicationContext, type OnModuleDestroy } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { deferred, type Deferred, type InMemoryCluster } from '@kafka-worker/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaWorker, type KafkaWorkerModuleOptions } from '@kafka-worker/nestjs';
import { KafkaWorkerHealthIndicator, KafkaWorkerHealthModule } from '@kafka-worker/nestjs/terminus';
import { appModule, boot, clusterWith, WAYS, type Way } from '../support/app.js';
import { Calls } from '../support/calls.js';
import { next, runtimeOf } from '../support/events.js';
import { causesOf, healthOf, said, until, type Said } from './support/health.js';
import { PuppetDriver, type Puppet } from './support/puppet-driver.js';

let gate: Deferred<void>;
let started: Calls;
let destroyed: Said[];
let apps: INestApplicationContext[];
let cluster: InMemoryCluster;
let driver: PuppetDriver;

beforeEach(() => {
  gate = deferred();
  started = new Calls();
  destroyed = [];
  apps = [];
  cluster = clusterWith('orders');
  driver = new PuppetDriver(cluster);
});
afterEach(async () => {
  gate.resolve();
  await Promise.all(apps.map((app) => app.close()));
});

@Controller()
class Orders {
  @KafkaWorker({ topic: 'orders' })
  async on(): Promise<void> {
    started.add(undefined);
    await gate.promise;
  }
}

/** Asks as soon as anything of the application is destroyed. */
@Injectable()
class Witness implements OnModuleDestroy {
  constructor(readonly health: KafkaWorkerHealthIndicator) {}
  onModuleDestroy(): void {
    destroyed.push(said(this.health.isReady('kafka')));
  }
}

const parts = { imports: [KafkaWorkerHealthModule.forRoot()], controllers: [Orders], providers: [Witness] };

async function bootOne(way: Way, kafka: Partial<KafkaWorkerModuleOptions> = {}): Promise<INestApplicationContext> {
  const app = await boot(way, { cluster, kafka: { driver, ...kafka }, ...parts });
  apps.push(app);
  return app;
}

async function bootJoined(way: Way): Promise<{ app: INestApplicationContext; puppet: Puppet }> {
  const app = await bootOne(way);
  await until(() => readyOf(app).status === 'up');
  return { app, puppet: driver.of('group') };
}

function readyOf(app: INestApplicationContext): Said {
  return said(healthOf(app).isReady('kafka'));
}

describe.each(WAYS)('ready, %s', (way) => {
  it('up once it is joined, with its groups', async () => {
    const { app } = await bootJoined(way);
    expect(readyOf(app)).toEqual({
      status: 'up',
      groups: [
        { connection: 'default', groupId: 'group', state: 'joined', generation: expect.any(Number), partitions: 2 },
      ],
    });
  });

  it('a member without partitions is a standby, and ready', async () => {
    const [first, second] = [await bootJoined(way), await bootJoined(way)];
    const third = await bootJoined(way);
    await until(() => [first, second, third].every(({ app }) => readyOf(app).status === 'up'));
    const answers = [first, second, third].map(({ app }) => readyOf(app));
    expect(answers.map(({ groups }) => (groups as { partitions: number }[])[0]!.partitions).toSorted()).toEqual([
      0, 1, 1,
    ]);
    const standby = answers.filter((answer) => answer.standby === true);
    expect(standby).toMatchObject([{ status: 'up', groups: [{ partitions: 0, standby: true }] }]);
  });

  it('degraded while a join is under way', async () => {
    const { app } = await bootJoined(way);
    cluster.produce({ topic: 'orders', value: 'x' });
    await started.reached(1);
    const rebalancing = next(runtimeOf(app), 'group.state', ({ state }) => state === 'rebalancing');
    const second = bootOne(way);
    await rebalancing;
    expect(readyOf(app)).toMatchObject({
      status: 'degraded',
      causes: [{ cause: 'rebalancing', connection: 'default', groupId: 'group' }],
      groups: [{ state: 'rebalancing' }],
    });
    gate.resolve();
    await second;
    await until(() => readyOf(app).status === 'up');
  });

  it.each([
    ['connecting', new Error('no answer'), { cause: 'connecting', error: 'no answer' }],
    ['crashed', new Error('gave up'), { cause: 'crashed', error: 'gave up', willRestart: false }],
    ['stopped', undefined, { cause: 'stopped' }],
  ] as const)('down while the client is %s, and up again when it has joined', async (state, error, cause) => {
    const { app, puppet } = await bootJoined(way);
    puppet.say(state, error);
    expect(readyOf(app)).toMatchObject({
      status: 'down',
      causes: [{ ...cause, connection: 'default', groupId: 'group' }],
      groups: [{ state, partitions: 2 }],
    });
    puppet.say('joined');
    expect(readyOf(app).status).toBe('up');
  });

  it('down before the start', async () => {
    const app = await NestFactory.create(appModule({ cluster, kafka: { driver }, ...parts }), {
      logger: false,
      abortOnError: false,
    });
    apps.push(app);
    expect(readyOf(app)).toEqual({
      status: 'down',
      causes: [{ cause: 'not-started', connection: 'default' }],
      groups: [],
    });
    expect(said(healthOf(app).isStarted('kafka'))).toEqual({
      status: 'down',
      causes: [{ cause: 'not-started', connection: 'default' }],
    });
    expect(said(healthOf(app).isLive('kafka')).status).toBe('up');
  });

  it('down in the first turn of a drain, before anything is awaited', async () => {
    const { app } = await bootJoined(way);
    const runtime = runtimeOf(app);
    cluster.produce({ topic: 'orders', value: 'x' });
    await started.reached(1);
    const inside: Said[] = [];
    runtime.events$.subscribe(({ type }) => {
      if (type === 'engine.state' || type === 'drain.started') inside.push(readyOf(app));
    });

    const drained = runtime.drain();
    // no turn has passed
    const draining = { status: 'down', causes: [{ cause: 'draining', connection: 'default', running: 1 }] };
    expect(readyOf(app)).toMatchObject(draining);
    expect(inside).toMatchObject([draining]);
    gate.resolve();
    await drained;
    expect(inside.map(({ status }) => status)).toEqual(['down', 'down', 'down']);
    expect(causesOf(healthOf(app).isReady('kafka'))).toEqual(['stopped']);
  });

  it('down before anything else is destroyed at a shutdown', async () => {
    const { app } = await bootJoined(way);
    cluster.produce({ topic: 'orders', value: 'x' });
    await started.reached(1);
    const drain = next(runtimeOf(app), 'drain.started');
    const closed = app.close();
    await drain;
    expect(readyOf(app)).toMatchObject({ status: 'down', causes: [{ cause: 'draining', running: 1 }] });
    expect(destroyed).toEqual([]);
    gate.resolve();
    await closed;
    expect(destroyed).toMatchObject([{ status: 'down' }]);
  });
});

describe.each(WAYS)('started, %s', (way) => {
  it('down until every group has been joined once, then up for good', async () => {
    const app = await bootOne(way);
    const health = healthOf(app);
    await until(() => said(health.isStarted('kafka')).status === 'up');
    const puppet = driver.of('group');
    puppet.say('connecting');
    expect(said(health.isStarted('kafka'))).toEqual({ status: 'up' });
    puppet.say('joined');
    await runtimeOf(app).drain();
    expect(said(health.isStarted('kafka'))).toEqual({ status: 'up' });
  });

  it('names the group whose first join is still to come', async () => {
    const other = cluster.driver().createConsumer({ groupId: 'group', topics: ['orders'] });
    const holdUp = deferred();
    await other.start({
      assigned: async () => [],
      revoking: () => holdUp.promise,
      lost: () => {},
      records: ({ records }) => records.length,
      stateChanged: () => {},
    });
    await until(() => cluster.group('group').state === 'Stable');
    const app = await bootOne(way);
    expect(said(healthOf(app).isStarted('kafka'))).toEqual({
      status: 'down',
      causes: [{ cause: 'not-joined', connection: 'default', groupId: 'group', state: 'connecting' }],
    });
    expect(causesOf(healthOf(app).isReady('kafka'))).toEqual(['connecting']);
    holdUp.resolve();
    await until(() => said(healthOf(app).isStarted('kafka')).status === 'up');
    await other.stop();
  });
});
