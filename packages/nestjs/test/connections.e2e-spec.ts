import { Controller, Inject, Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  getKafkaWorkerServerToken,
  InjectKafkaProducer,
  InjectKafkaWorker,
  KafkaWorker,
  KafkaWorkerModule,
  KafkaWorkerProducer,
  KafkaWorkerRuntime,
  KafkaWorkerServer,
} from '@kafka-worker/nestjs';
import { clusterWith } from './support/app.js';
import { Calls } from './support/calls.js';
import { runtimeOf } from './support/events.js';

const quiet = { logger: false, abortOnError: false } as const;
let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

function twoConnections(controllers: (new (...args: never[]) => object)[]) {
  const shop = clusterWith('orders');
  const audit = clusterWith('orders', 'log');
  @Module({ providers: [{ provide: 'GROUP', useValue: 'audit-group' }], exports: ['GROUP'] })
  class ConfigModule {}
  @Module({
    imports: [
      KafkaWorkerModule.forRoot({ driver: shop.driver(), consumer: { groupId: 'shop-group' } }),
      KafkaWorkerModule.forRootAsync({
        name: 'audit',
        imports: [ConfigModule],
        inject: ['GROUP'],
        useFactory: async (groupId: string) => ({ driver: () => audit.driver(), consumer: { groupId } }),
      }),
    ],
    controllers,
  })
  class AppModule {}
  return { shop, audit, AppModule };
}

describe('named connections', () => {
  it('each has its cluster, group, workers, runtime and producer', async () => {
    const calls = new Calls<string>();
    @Controller()
    class Host {
      constructor(
        @InjectKafkaWorker('audit') readonly audit: KafkaWorkerRuntime,
        @InjectKafkaProducer('audit') readonly producer: KafkaWorkerProducer,
        readonly runtime: KafkaWorkerRuntime,
        readonly own: KafkaWorkerProducer,
      ) {}
      @KafkaWorker({ topic: 'orders' })
      async onShop(@Payload() value: string): Promise<void> {
        calls.add(`shop ${value}`);
        await this.producer.send([{ topic: 'log', value: { said: value }, key: 1 }]);
      }
      @KafkaWorker({ topics: ['orders', 'log'], name: 'audit' })
      onAudit(@Payload() value: unknown): void {
        calls.add(`audit ${JSON.stringify(value)}`);
      }
    }
    const { shop, audit, AppModule } = twoConnections([Host]);
    shop.produce({ topic: 'orders', value: '1' });
    audit.produce({ topic: 'orders', value: '2' });
    app = await NestFactory.createApplicationContext(AppModule, quiet);
    expect((await calls.reached(3)).toSorted()).toEqual(['audit "2"', 'audit {"said":"1"}', 'shop 1']);
    expect(runtimeOf(app).workers.map(({ groupId }) => groupId)).toEqual(['shop-group']);
    expect(runtimeOf(app, 'audit').workers.map(({ groupId }) => groupId)).toEqual(['audit-group']);
    const host = app.get(Host);
    expect([host.audit, host.runtime]).toEqual([runtimeOf(app, 'audit'), runtimeOf(app)]);
    expect(host.producer).not.toBe(host.own);
    await app.close();
    expect([shop.lag('shop-group'), audit.lag('audit-group')]).toEqual([0, 0]);
  });

  it('two strategies each take their own handlers', async () => {
    const calls = new Calls<string>();
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders' })
      onShop(): void {
        calls.add('shop');
      }
      @KafkaWorker({ topic: 'orders', name: 'audit' })
      onAudit(): void {
        calls.add('audit');
      }
    }
    const { shop, audit, AppModule } = twoConnections([Host]);
    const made = await NestFactory.create(AppModule, quiet);
    app = made;
    made.connectMicroservice({ strategy: made.get(KafkaWorkerServer) });
    made.connectMicroservice({ strategy: made.get<KafkaWorkerServer>(getKafkaWorkerServerToken('audit')) });
    await made.startAllMicroservices();
    await made.init();
    shop.produce({ topic: 'orders', value: '1' });
    audit.produce({ topic: 'orders', value: '2' });
    expect((await calls.reached(2)).toSorted()).toEqual(['audit', 'shop']);
    expect([runtimeOf(app), runtimeOf(app, 'audit')].map(({ workers }) => workers[0]?.via)).toEqual([
      'strategy',
      'strategy',
    ]);
  });

  it('a class of options, and a producer used by hooks of the boot', async () => {
    const cluster = clusterWith('log');
    @Injectable()
    class Options {
      createKafkaWorkerOptions() {
        return { driver: cluster.driver() };
      }
    }
    @Injectable()
    class Boots {
      constructor(@Inject(KafkaWorkerProducer) readonly producer: KafkaWorkerProducer) {}
      async onModuleInit(): Promise<void> {
        await this.producer.connect();
        await this.producer.send({ topic: 'log', value: 'up' });
        expect(await this.producer.send([])).toEqual([]);
      }
    }
    @Module({ imports: [KafkaWorkerModule.forRootAsync({ useClass: Options })], providers: [Boots] })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, quiet);
    expect(cluster.records('log').map(({ value }) => String(value))).toEqual(['up']);
  });

  it('a postfix is added to every group, as Transport.KAFKA does', async () => {
    const cluster = clusterWith('a', 'b');
    @Controller()
    class Host {
      @EventPattern('a')
      bare(_value: unknown): void {}
      @KafkaWorker({ topic: 'b', groupId: 'own' })
      own(): void {}
    }
    @Module({
      imports: [
        KafkaWorkerModule.forRoot({ driver: cluster.driver(), consumer: { groupId: 'shop' }, postfixId: '-server' }),
      ],
      controllers: [Host],
    })
    class AppModule {}
    const made = await NestFactory.createMicroservice(AppModule, {
      ...quiet,
      inject: [KafkaWorkerServer],
      useFactory: (strategy: KafkaWorkerServer) => ({ strategy }),
    });
    app = made;
    await made.listen();
    expect(runtimeOf(app).workers.map(({ groupId }) => groupId)).toEqual(['shop-server', 'own-server']);
  });
});
