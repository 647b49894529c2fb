import { Controller, Injectable, type INestApplication, type OnApplicationBootstrap } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, ServerTCP, Transport } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import { KafkaWorker, KafkaWorkerServer } from '@kafka-worker/nestjs';
import { appModule, clusterWith } from './support/app.js';
import { Calls } from './support/calls.js';
import { next, runtimeOf } from './support/events.js';

const quiet = { logger: false, abortOnError: false } as const;
let app: INestApplication | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe('start order', () => {
  it('listen() before bootstrap calls back at once, and records are fetched after it', async () => {
    const seen: string[] = [];
    const calls = new Calls<string>();
    const ready = deferred();
    @Injectable()
    class Slow implements OnApplicationBootstrap {
      async onApplicationBootstrap(): Promise<void> {
        await ready.promise;
        seen.push('ready');
      }
    }
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders' })
      on(@Payload() value: string): void {
        seen.push('record');
        calls.add(value);
      }
    }
    const cluster = clusterWith('orders');
    cluster.produce({ topic: 'orders', value: 'x' });
    app = await NestFactory.create(appModule({ cluster, controllers: [Host], providers: [Slow] }), quiet);
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) });
    await app.startAllMicroservices();
    expect(cluster.consumers('group')).toEqual([]);
    expect(runtimeOf(app).state).toBe('INITIALIZED');
    const initialised = app.init();
    ready.resolve();
    await initialised;
    await calls.reached(1);
    expect(seen).toEqual(['ready', 'record']);
  });

  it('deferInitialization runs hooks several times and starts once', async () => {
    let boots = 0;
    const calls = new Calls<string>();
    @Controller()
    class Host implements OnApplicationBootstrap {
      onApplicationBootstrap(): void {
        boots++;
      }
      @KafkaWorker({ topic: 'orders' })
      on(@Payload() value: string): void {
        calls.add(value);
      }
    }
    const cluster = clusterWith('orders');
    app = await NestFactory.create(appModule({ cluster, controllers: [Host] }), quiet);
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) }, { deferInitialization: true });
    await app.startAllMicroservices();
    await app.init();
    expect(boots).toBeGreaterThan(1);
    expect(runtimeOf(app).workers).toHaveLength(1);
    expect(runtimeOf(app).workers[0]?.via).toBe('strategy');
    expect(cluster.consumers('group')).toHaveLength(1);
    cluster.produce({ topic: 'orders', value: 'x' });
    await calls.reached(1);
    await app.close();
    expect(calls.all).toEqual(['x']);
  });

  it('deferInitialization with the app initialised first waits for the strategy', async () => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders' })
      on(): void {}
    }
    const cluster = clusterWith('orders');
    app = await NestFactory.create(appModule({ cluster, controllers: [Host] }), quiet);
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) }, { deferInitialization: true });
    await app.init();
    expect(cluster.consumers('group')).toEqual([]);
    await app.startAllMicroservices();
    expect(runtimeOf(app).workers[0]?.via).toBe('strategy');
  });

  it('a strategy connected after bootstrap does not run the handlers a second time', async () => {
    const calls = new Calls<string>();
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders' })
      on(@Payload() value: string): void {
        calls.add(value);
      }
    }
    const cluster = clusterWith('orders');
    app = await NestFactory.create(appModule({ cluster, controllers: [Host] }), quiet);
    await app.init();
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) });
    await app.startAllMicroservices();
    cluster.produce({ topic: 'orders', value: 'x' });
    await calls.reached(1);
    await app.close();
    expect(calls.all).toEqual(['x']);
  });

  it('autoStart: false waits for a strategy, and without one runs nothing', async () => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders' })
      on(): void {}
    }
    const cluster = clusterWith('orders');
    const type = appModule({ cluster, controllers: [Host], kafka: { autoStart: false } });
    app = await NestFactory.create(type, quiet);
    await app.init();
    expect(runtimeOf(app).state).toBe('INITIALIZED');
    expect(runtimeOf(app).inspect()).toMatchObject({ state: 'INITIALIZED', groups: [] });
    expect(() => runtimeOf(app!).pause()).toThrow('have not been started');
    await app.close();
    app = await NestFactory.create(type, quiet);
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) });
    await app.startAllMicroservices();
    await app.init();
    expect(runtimeOf(app).state).toBe('RUNNING');
  });

  it("Nest's own microservice beside ours takes none of our handlers, and ours none of its own", async () => {
    const calls = new Calls<string>();
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders' })
      ours(@Payload() value: string): void {
        calls.add(`ours ${value}`);
      }
      @EventPattern('orders', Transport.TCP)
      tcp(_value: unknown): void {
        calls.add('tcp');
      }
    }
    const cluster = clusterWith('orders');
    app = await NestFactory.create(appModule({ cluster, controllers: [Host] }), quiet);
    const tcp = new ServerTCP({ port: 0 });
    app.connectMicroservice({ strategy: tcp });
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) });
    await app.startAllMicroservices();
    await app.init();
    expect([...tcp.getHandlers().keys()]).toEqual(['orders']);
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', value: 'x' });
    expect((await settled).worker).toBe('Host#ours');
    expect(calls.all).toEqual(['ours x']);
  });
});
