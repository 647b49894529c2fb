import {
  Controller,
  Global,
  Injectable,
  Module,
  type INestApplication,
  type INestApplicationContext,
  type INestMicroservice,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Payload } from '@nestjs/microservices';
import { deferred, type Deferred, type InMemoryCluster } from '@kafka-worker/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { InjectKafkaProducer, KafkaWorker, KafkaWorkerProducer, KafkaWorkerServer } from '@kafka-worker/nestjs';
import { appModule, clusterWith } from './support/app.js';
import { Calls } from './support/calls.js';
import { next, runtimeOf } from './support/events.js';

let order: string[];
let gate: Deferred<void>;
let started: Calls;
let kill: jest.SpiedFunction<typeof process.kill>;
let killed: Deferred<void>;

beforeEach(() => {
  order = [];
  gate = deferred();
  started = new Calls();
  killed = deferred();
  // Nest ends a signal's shutdown by sending the signal again.
  kill = jest.spyOn(process, 'kill').mockImplementation(() => {
    killed.resolve();
    return true;
  });
});
afterEach(() => {
  kill.mockRestore();
  expect(process.listenerCount('SIGTERM')).toBe(0);
});

/** Closes its pool in onModuleDestroy, as Prisma's recipe does. */
@Injectable()
class FakePrisma implements OnModuleDestroy {
  open = true;
  onModuleDestroy(): void {
    order.push('prisma closed');
    this.open = false;
  }
}
/** Closes in onApplicationShutdown, as @nestjs/typeorm and @nestjs/mongoose do. */
@Injectable()
class FakeTypeOrm implements OnApplicationShutdown {
  open = true;
  constructor(@InjectKafkaProducer() readonly producer: KafkaWorkerProducer) {}
  async onApplicationShutdown(): Promise<void> {
    await this.producer.send({ topic: 'audit', value: 'last words' });
    order.push('typeorm closed');
    this.open = false;
  }
}
@Global()
@Module({ providers: [FakePrisma], exports: [FakePrisma] })
class GlobalPrismaModule {}
@Module({ providers: [FakeTypeOrm], exports: [FakeTypeOrm] })
class TypeOrmModule {}
@Injectable()
class RootPool implements OnModuleDestroy {
  open = true;
  onModuleDestroy(): void {
    order.push('root pool closed');
    this.open = false;
  }
}
@Controller()
class Orders implements OnModuleDestroy {
  constructor(
    readonly prisma: FakePrisma,
    readonly typeorm: FakeTypeOrm,
    readonly root: RootPool,
  ) {}
  @KafkaWorker({ topic: 'orders' })
  async on(@Payload() value: string): Promise<void> {
    started.add(value);
    await gate.promise;
    order.push(`handled with ${[this.prisma.open, this.typeorm.open, this.root.open].join()}`);
  }
  onModuleDestroy(): void {
    order.push('controller destroyed');
  }
}

function rootModule(cluster: InMemoryCluster): new () => object {
  return appModule({
    cluster,
    imports: [GlobalPrismaModule, TypeOrmModule],
    controllers: [Orders],
    providers: [RootPool],
  });
}

const quiet = { logger: false, abortOnError: false } as const;
const strategy = { inject: [KafkaWorkerServer], useFactory: (s: KafkaWorkerServer) => ({ strategy: s }) };
type App = INestApplicationContext;

const boots: Record<string, (type: new () => object) => Promise<App>> = {
  createMicroservice: async (type) => {
    const app: INestMicroservice = await NestFactory.createMicroservice(type, { ...quiet, ...strategy });
    await app.listen();
    return app;
  },
  hybrid: async (type) => {
    const app: INestApplication = await NestFactory.create(type, quiet);
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) });
    await app.startAllMicroservices();
    return app.init();
  },
  'hybrid, listening first': async (type) => {
    const app: INestApplication = await NestFactory.create(type, quiet);
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) });
    await app.init();
    await app.startAllMicroservices();
    return app;
  },
  'hybrid, deferInitialization': async (type) => {
    const app: INestApplication = await NestFactory.create(type, quiet);
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) }, { deferInitialization: true });
    await app.startAllMicroservices();
    return app.init();
  },
  'module only, HTTP': async (type) => (await NestFactory.create(type, quiet)).init(),
  'module only, application context': (type) => NestFactory.createApplicationContext(type, quiet),
};

const ends: Record<string, (app: App) => Promise<void>> = {
  'close()': (app) => app.close(),
  SIGTERM: async () => {
    process.emit('SIGTERM');
    await killed.promise;
  },
};

describe.each(Object.keys(boots))('%s', (bootName) => {
  it.each(Object.keys(ends))('ended by %s, drains while every pool is open', async (endName) => {
    const cluster = clusterWith('orders', 'audit');
    cluster.produce({ topic: 'orders', value: 'x' });
    const app = await boots[bootName]!(rootModule(cluster));
    if (endName === 'SIGTERM') app.enableShutdownHooks(['SIGTERM']);
    await started.reached(1);
    const runtime = runtimeOf(app);
    const draining = next(runtime, 'drain.started');
    const ended = ends[endName]!(app);
    await draining;
    expect(runtime.state).toBe('DRAINING');
    expect(order).toEqual([]);
    gate.resolve();
    await ended;
    expect(order[0]).toBe('handled with true,true,true');
    expect(order.toSorted()).toEqual(
      [
        'controller destroyed',
        'handled with true,true,true',
        'prisma closed',
        'root pool closed',
        'typeorm closed',
      ].toSorted(),
    );
    expect(cluster.lag('group')).toBe(0);
    expect(cluster.consumers('group')).toEqual([]);
    expect(cluster.records('audit').map(({ value }) => String(value))).toEqual(['last words']);
    expect(runtime.state).toBe('STOPPED');
    await expect(app.get(KafkaWorkerProducer).send({ topic: 'audit', value: 'too late' })).rejects.toMatchObject({
      code: 'NOT_RUNNING',
    });
  });
});

it('close() of the strategy never rejects, and comes again without harm', async () => {
  const cluster = clusterWith('orders', 'audit');
  const app = await boots['createMicroservice']!(rootModule(cluster));
  const server = app.get(KafkaWorkerServer);
  const engine = (server as unknown as { unwrap(): { drain(): Promise<void> } }).unwrap();
  const [first, second] = [server.close(), engine.drain()];
  await expect(first).resolves.toBeUndefined();
  await expect(second).resolves.toBeUndefined();
  await expect(server.close()).resolves.toBeUndefined();
  await app.close();
});

it('a connection that was never started closes too', async () => {
  const cluster = clusterWith('orders', 'audit');
  const app = await NestFactory.create(rootModule(cluster), quiet);
  await expect(app.get(KafkaWorkerServer).close()).resolves.toBeUndefined();
  await app.close();
});

it('a driver that cannot even be made stops the boot, and close() still runs the hooks', async () => {
  class Host {
    @KafkaWorker({ topic: 'orders' })
    on(): void {}
  }
  const cluster = clusterWith('orders', 'audit');
  const type = appModule({
    cluster,
    kafka: { driver: () => Promise.reject(new Error('no driver today')) },
    imports: [GlobalPrismaModule],
    controllers: [],
    providers: [Host],
  });
  const app = await NestFactory.create(type, quiet);
  await expect(app.init()).rejects.toThrow('no driver today');
  await app.close();
  expect(order).toEqual(['prisma closed']);
});
