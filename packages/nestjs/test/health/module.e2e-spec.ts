import type { AddressInfo } from 'node:net';
import {
  Controller,
  Get,
  Global,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type INestApplication,
  type INestApplicationContext,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthIndicatorService } from '@nestjs/terminus';
import { deferred, type Deferred, type InMemoryCluster } from '@kafka-worker/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError, KafkaWorker, KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaWorkerHealthIndicator, KafkaWorkerHealthModule } from '@kafka-worker/nestjs/terminus';
import { appModule, boot, clusterWith } from '../support/app.js';
import { Calls } from '../support/calls.js';
import { next, runtimeOf } from '../support/events.js';
import { causesOf, healthOf, said, until } from './support/health.js';
import { PuppetDriver } from './support/puppet-driver.js';

let gate: Deferred<void>;
let started: Calls;
let app: INestApplicationContext | undefined;
let cluster: InMemoryCluster;
let driver: PuppetDriver;
let late: (() => Promise<void>) | undefined;
let lateAnswers: unknown[];

beforeEach(() => {
  gate = deferred();
  started = new Calls();
  cluster = clusterWith('orders');
  driver = new PuppetDriver(cluster);
  late = undefined;
  lateAnswers = [];
});
afterEach(async () => {
  gate.resolve();
  await app?.close();
  app = undefined;
});

/** The last to hear of a shutdown, since its module is global. */
@Injectable()
class Last implements BeforeApplicationShutdown {
  beforeApplicationShutdown(): Promise<void> | undefined {
    return late?.();
  }
}
@Global()
@Module({ providers: [Last] })
class LastModule {}

@Controller()
class Orders {
  @KafkaWorker({ topic: 'orders' })
  async on(): Promise<void> {
    started.add(undefined);
    await gate.promise;
  }
}

type Options = NonNullable<Parameters<typeof KafkaWorkerHealthModule.forRoot>[0]>;

/** An app that listens. @returns how to ask it. */
async function serve(options?: Options): Promise<(path: string) => Promise<{ status: number; body: unknown }>> {
  app = await boot('module', {
    cluster,
    kafka: { driver },
    imports: [KafkaWorkerHealthModule.forRoot(options), LastModule],
    controllers: [Orders],
  });
  return ask(app as INestApplication);
}

async function ask(server: INestApplication): Promise<(path: string) => Promise<{ status: number; body: unknown }>> {
  await server.listen(0);
  const { port } = server.getHttpServer().address() as AddressInfo;
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, body: await response.json() };
  };
}

describe('KafkaWorkerHealthModule, over HTTP', () => {
  it('answers 200 and 503 with the JSON of Terminus', async () => {
    const get = await serve();
    await until(() => said(healthOf(app!).isReady('kafka')).status === 'up');
    expect(await get('/health/live')).toEqual({
      status: 200,
      body: { status: 'ok', info: { kafka: { status: 'up' } }, error: {}, details: { kafka: { status: 'up' } } },
    });
    expect(await get('/health/startup')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await get('/health/ready')).toMatchObject({
      status: 200,
      body: { status: 'ok', info: { kafka: { status: 'up', groups: [{ state: 'joined', partitions: 2 }] } } },
    });

    driver.of('group').crash(false);
    const crashed = { cause: 'crashed', connection: 'default', groupId: 'group', error: 'gave up', willRestart: false };
    const down = { status: 503, body: { status: 'error', error: { kafka: { status: 'down', causes: [crashed] } } } };
    expect(await get('/health/live')).toMatchObject(down);
    expect(await get('/health/ready')).toMatchObject(down);
    expect(await get('/health/startup')).toMatchObject({ status: 200 });
  });

  it('rebalancing is degraded, with 200', async () => {
    const get = await serve();
    await until(() => said(healthOf(app!).isReady('kafka')).status === 'up');
    driver.of('group').say('rebalancing');
    expect(await get('/health/ready')).toMatchObject({
      status: 200,
      body: { status: 'degraded', details: { kafka: { status: 'degraded', causes: [{ cause: 'rebalancing' }] } } },
    });
    expect(await get('/health/live')).toMatchObject({ status: 200, body: { status: 'ok' } });
    driver.of('group').say('joined');
  });

  it('says no while it drains, and is live until nobody answers', async () => {
    const get = await serve();
    cluster.produce({ topic: 'orders', value: 'x' });
    await started.reached(1);
    const drain = next(runtimeOf(app!), 'drain.started');
    late = async () =>
      void lateAnswers.push(await get('/health/live'), await get('/health/startup'), await get('/health/ready'));
    const closed = app!.close();
    await drain;
    expect(await get('/health/ready')).toMatchObject({
      status: 503,
      body: { status: 'error', error: { kafka: { causes: [{ cause: 'draining', running: 1 }] } } },
    });
    expect(await get('/health/live')).toMatchObject({ status: 200 });
    expect(await get('/health/startup')).toMatchObject({ status: 200 });
    gate.resolve();
    await closed;
    // in the last hook in which HTTP answers, where Terminus itself says no to everything
    expect(lateAnswers).toMatchObject([
      { status: 200, body: { status: 'ok' } },
      { status: 200, body: { status: 'ok' } },
      { status: 503, body: { error: { kafka: { causes: [{ cause: 'stopped' }] } } } },
    ]);
  });

  it('takes a path, a key, bounds and what else has to be well', async () => {
    let databaseIsUp = true;
    const database = () => ({ database: { status: databaseIsUp ? ('up' as const) : ('down' as const) } });
    const get = await serve({
      path: 'internal/status',
      key: 'workers',
      stallMs: 10,
      indicators: { ready: [database] },
    });
    expect(await get('/health/live')).toMatchObject({ status: 404 });
    await until(() => said(healthOf(app!).isReady('kafka')).status === 'up');
    expect(await get('/internal/status/ready')).toMatchObject({
      status: 200,
      body: { info: { workers: { status: 'up' }, database: { status: 'up' } } },
    });
    databaseIsUp = false;
    expect(await get('/internal/status/ready')).toMatchObject({
      status: 503,
      body: { info: { workers: { status: 'up' } }, error: { database: { status: 'down' } } },
    });
    expect(await get('/internal/status/live')).toMatchObject({ status: 200 });

    cluster.produce({ topic: 'orders', value: 'x' });
    await started.reached(1);
    await until(() => said(healthOf(app!).isLive('kafka', { stallMs: 10 })).status === 'down');
    expect(await get('/internal/status/live')).toMatchObject({
      status: 503,
      body: { error: { workers: { causes: [{ cause: 'handler-stalled', worker: 'Orders#on' }] } } },
    });
  });

  it('forRootAsync: options of a factory, which may have the indicator itself', async () => {
    @Module({ providers: [{ provide: 'STALL', useValue: 10 }], exports: ['STALL'] })
    class Settings {}
    const health = KafkaWorkerHealthModule.forRootAsync({
      path: 'z',
      imports: [Settings],
      inject: ['STALL', KafkaWorkerHealthIndicator],
      useFactory: (stallMs: number, kafka: KafkaWorkerHealthIndicator) => ({
        stallMs,
        indicators: { ready: [() => kafka.isFrozen('frozen')] },
      }),
    });
    app = await boot('module', { cluster, kafka: { driver }, imports: [health], controllers: [Orders] });
    const get = await ask(app as INestApplication);
    await until(() => said(healthOf(app!).isReady('kafka')).status === 'up');
    expect(await get('/z/ready')).toMatchObject({ status: 200, body: { info: { frozen: { status: 'up' } } } });
    runtimeOf(app).freeze();
    expect(await get('/z/ready')).toMatchObject({ status: 503, body: { error: { frozen: { status: 'down' } } } });
  });

  it('without forRoot it gives the indicator alone', async () => {
    @Controller('mine')
    class Mine {
      constructor(readonly kafka: KafkaWorkerHealthIndicator) {}
      @Get()
      get(): object {
        return this.kafka.isLive('k');
      }
    }
    const imports = [KafkaWorkerHealthModule];
    app = await boot('module', { cluster, kafka: { driver }, imports, controllers: [Orders, Mine] });
    const get = await ask(app as INestApplication);
    expect(await get('/mine')).toEqual({ status: 200, body: { k: { status: 'up' } } });
    expect(await get('/health/live')).toMatchObject({ status: 404 });
  });
});

describe('what is logged', () => {
  it('a line where an answer changes, not with every probe', async () => {
    const lines: string[] = [];
    const note =
      (level: string) =>
      (message: unknown, ...rest: unknown[]) => {
        if (rest.at(-1) === 'KafkaWorkerHealth') lines.push(`${level} ${String(message)}`);
      };
    const logger = { log: note('log'), warn: note('warn'), error: note('error') };
    const type = appModule({
      cluster,
      kafka: { driver },
      imports: [KafkaWorkerHealthModule.forRoot()],
      controllers: [Orders],
    });
    const server = await NestFactory.create(type, { logger, abortOnError: false });
    app = server;
    const get = await ask(server);
    await until(() => said(healthOf(server).isReady('kafka')).status === 'up');
    const probe = async (): Promise<void> => void (await get('/health/live'));
    await probe();
    driver.of('group').crash(false);
    await probe();
    await probe();
    driver.of('group').say('joined');
    await probe();
    await probe();
    expect(lines).toEqual([
      expect.stringMatching(/^warn live is error: kafka crashed \{"kafka":.*"groupId":"group","error":"gave up"/),
      'log live is ok',
    ]);
  });
});

describe('connections', () => {
  const audit = (): InMemoryCluster => clusterWith('log');

  @Controller()
  class Both {
    @KafkaWorker({ topic: 'orders' })
    onOrder(): void {}
    @KafkaWorker({ topic: 'log', name: 'audit' })
    onLog(): void {}
  }

  it('all of them are asked, or one by name; one that only sends is always ready', async () => {
    const second = new PuppetDriver(audit());
    const named = (name: string, of: PuppetDriver) =>
      KafkaWorkerModule.forRoot({ name, driver: of, consumer: { groupId: `${name}-group` } });
    const sender = new PuppetDriver(clusterWith('out'));
    app = await boot('module', {
      cluster,
      kafka: { driver },
      imports: [named('audit', second), named('sender', sender), KafkaWorkerHealthModule.forRoot()],
      controllers: [Both],
    });
    const health = healthOf(app);
    await until(() => said(health.isReady('kafka')).status === 'up');
    expect(said(health.isReady('kafka')).groups).toMatchObject([
      { connection: 'default', groupId: 'group' },
      { connection: 'audit', groupId: 'audit-group' },
    ]);
    expect(said(health.isStarted('kafka', { connection: 'sender' })).status).toBe('up');

    driver.of('group').say('rebalancing');
    expect(said(health.isReady('kafka')).status).toBe('degraded');
    second.of('audit-group').say('connecting');
    expect(said(health.isReady('kafka')).status).toBe('down');
    expect(causesOf(health.isReady('kafka'))).toEqual(['rebalancing', 'connecting']);
    driver.of('group').say('joined');

    second.of('audit-group').crash(false);
    expect(said(health.isLive('kafka')).causes).toMatchObject([{ connection: 'audit', groupId: 'audit-group' }]);
    expect(causesOf(health.isReady('kafka'))).toEqual(['crashed']);
    expect(said(health.isLive('kafka', { connection: 'default' })).status).toBe('up');
    expect(said(health.isReady('kafka', { connection: 'default' })).status).toBe('up');
    expect(said(health.isReady('kafka', { connection: 'audit' })).status).toBe('down');
    expect(said(health.isReady('kafka', { connection: 'sender' }))).toEqual({ status: 'up', groups: [] });
  });
});

describe('mistakes', () => {
  it('in the options of the module stop the boot, all of them', async () => {
    const options = { connection: 'nope', stallMs: 0, loopMs: NaN, workers: { 'Orders#off': -1 } };
    const imports = [KafkaWorkerHealthModule.forRoot(options)];
    const booting = boot('module', { cluster, kafka: { driver }, imports, controllers: [Orders] });
    await expect(booting).rejects.toThrow(ConfigurationError);
    const { mistakes } = (await booting.catch((error: unknown) => error)) as ConfigurationError;
    expect(mistakes.map(({ option, message }) => `${option}: ${message}`)).toEqual([
      "connection: there is no connection 'nope'; there is 'default'",
      'stallMs: 0 is not allowed; a number of 1 or more, or Infinity, is',
      'loopMs: NaN is not allowed; a number of 1 or more, or Infinity, is',
      "workers['Orders#off']: -1 is not allowed; a number of 1 or more, or Infinity, is",
      "workers: there is no worker 'Orders#off'; there is 'Orders#on'",
    ]);
  });

  it('the module alone, without a connection to look at', async () => {
    const imports = [KafkaWorkerHealthModule.forRoot()];
    const booting = boot('module', { cluster, addModule: false, imports });
    await expect(booting).rejects.toThrow('there is no connection to look at; import KafkaWorkerModule');
  });

  it('of a call', async () => {
    const imports = [KafkaWorkerHealthModule];
    app = await boot('module', { cluster, kafka: { driver }, imports, controllers: [Orders] });
    const health = healthOf(app);
    expect(() => health.isLagging('kafka', {})).toThrow('maxLag and maxAgeMs are missing');
    expect(() => health.isReady('kafka', { connection: 'nope' })).toThrow("there is no connection 'nope'");
    expect(() => health.isLagging('kafka', { maxLag: -1 })).toThrow('maxLag');
  });
});

describe('Terminus 11, which knows no degrees', () => {
  it('gets up with degraded: true', async () => {
    const imports = [KafkaWorkerHealthModule];
    app = await boot('module', { cluster, kafka: { driver }, imports, controllers: [Orders] });
    await until(() => said(healthOf(app!).isReady('kafka')).status === 'up');
    const service = app.get(HealthIndicatorService, { strict: false });
    const check = service.check.bind(service);
    Object.assign(service, { check: (key: string) => Object.assign(check(key), { degraded: undefined }) });
    driver.of('group').say('rebalancing');
    expect(said(healthOf(app).isReady('kafka'))).toMatchObject({
      status: 'up',
      degraded: true,
      causes: [{ cause: 'rebalancing' }],
    });
    driver.of('group').say('joined');
  });
});
