import { Controller, Logger, type INestApplicationContext, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload, Transport } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import {
  freeze,
  KAFKA_WORKER_TRANSPORT,
  KafkaWorker,
  KafkaWorkerServer,
  SkipRecordError,
  type KafkaWorkerContext,
} from '@kafka-worker/nestjs';
import { from, take, toArray, firstValueFrom } from 'rxjs';
import { appModule, boot, clusterWith, WAYS } from './support/app.js';
import { next, runtimeOf } from './support/events.js';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

describe.each(WAYS)('processing hooks, run as %s', (way) => {
  it('stand around every attempt until it has settled, though the start hook forgets the promise', async () => {
    const order: string[] = [];
    const gate = deferred();
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders', retry: { attempts: 1 } })
      on(@Payload() value: string): unknown {
        order.push('handler');
        if (value === 'bad') throw new Error('bad');
        return from(gate.promise);
      }
    }
    const cluster = clusterWith('orders');
    app = await boot(way, { cluster, controllers: [Host] });
    const server = app.get(KafkaWorkerServer);
    server.setOnProcessingStartHook((_transport, context, done) => {
      order.push(`start ${(context as KafkaWorkerContext).getOffset()}`);
      void done();
    });
    server.setOnProcessingEndHook((_transport, context) => {
      order.push(`end ${(context as KafkaWorkerContext).getOffset()}`);
    });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', partition: 0, value: 'good' });
    gate.promise.then(
      () => order.push('released'),
      () => undefined,
    );
    gate.resolve();
    await settled;
    const frozen = next(runtimeOf(app), 'frozen');
    cluster.produce({ topic: 'orders', partition: 0, value: 'bad' });
    expect((await frozen).error.message).toBe('bad');
    expect(order.filter((line) => line !== 'released')).toEqual([
      'start 0',
      'handler',
      'end 0',
      'start 1',
      'handler',
      'end 1',
    ]);
    app = await app.close().then(() => undefined);
  });
});

describe('status and log', () => {
  class Lines implements LoggerService {
    readonly all: string[] = [];
    readonly #line =
      (level: string) =>
      (message: unknown, ...rest: unknown[]): void => {
        const context = rest.at(-1);
        if (typeof context === 'string' && context.startsWith('KafkaWorker'))
          this.all.push(`${level} ${String(message)}`);
      };
    log = this.#line('log');
    error = this.#line('error');
    warn = this.#line('warn');
    debug = this.#line('debug');
  }

  it('tells what an operator wants to know, and nothing of payloads and keys', async () => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders', concurrency: 'key', retry: { attempts: 1 }, onFailure: freeze('key') })
      on(@Payload() value: string): void {
        if (value === 'skip') throw new SkipRecordError('not today');
        if (value === 'freeze') throw new Error('broken');
      }
    }
    const lines = new Lines();
    const cluster = clusterWith('orders');
    app = await boot('microservice', { cluster, controllers: [Host] });
    Logger.overrideLogger(lines);
    const runtime = runtimeOf(app);
    const over = Promise.all([
      next(runtime, 'record.settled', ({ disposition }) => disposition === 'skipped'),
      next(runtime, 'frozen'),
      next(runtime, 'record.settled', ({ disposition }) => disposition === 'done'),
    ]);
    cluster.produce(
      ['skip', 'freeze', 'done'].map((value) => ({ topic: 'orders', partition: 0, key: `secret-${value}`, value })),
    );
    await over;
    expect(runtime.inspect().groups[0]?.partitions[0]?.frozen).toHaveLength(1);
    const passed = next(runtime, 'record.settled');
    runtime.unfreeze({ topic: 'orders', partition: 0 }, { skip: true });
    expect((await passed).disposition).toBe('skipped');
    runtime.pause();
    runtime.resume();
    await app.close();
    app = undefined;
    const text = lines.all.join('\n');
    expect(text).toContain('warn Host#on skipped orders/0@0: not today');
    expect(text).toContain('error Host#on froze the key at orders/0@1 after 1 attempts: broken');
    expect(text).toMatch(/log Host#on goes on at orders\/0@1, the frozen record was skipped/);
    expect(text).toMatch(/log group group drained for shutdown in \d+ ms: drained/);
    expect(text).toContain('log state STOPPED');
    expect(text).not.toContain('secret');
    expect(text).not.toContain('orders/0@2');
    Logger.overrideLogger(false);
  });

  it('warns of patterns that nothing calls, and runs those that name our transport', async () => {
    @Controller()
    class Host {
      @EventPattern('orders', KAFKA_WORKER_TRANSPORT)
      ours(_value: unknown): void {}
      @EventPattern('payments')
      bare(_value: unknown): void {}
      @EventPattern('payments', Transport.TCP)
      tcp(_value: unknown): void {}
    }
    const lines = new Lines();
    const made = await NestFactory.create(appModule({ cluster: clusterWith('orders'), controllers: [Host] }), {
      logger: false,
      abortOnError: false,
    });
    Logger.overrideLogger(lines);
    app = await made.init();
    Logger.overrideLogger(false);
    expect(runtimeOf(app).workers.map(({ id, via }) => `${id} ${via}`)).toEqual(['Host#ours discovery']);
    expect(lines.all.filter((line) => line.startsWith('warn'))).toEqual([
      'warn no microservice is connected, so nothing calls Host#bare: connect the KafkaWorkerServer or put @KafkaWorker() beside the pattern',
    ]);
  });

  it("status of the server speaks Nest's words", async () => {
    @Controller()
    class Host {
      @EventPattern('orders')
      on(_value: unknown): void {}
    }
    app = await boot('microservice', { cluster: clusterWith('orders'), controllers: [Host] });
    const server = app.get(KafkaWorkerServer);
    const statuses = firstValueFrom(server.status.pipe(take(2), toArray()));
    await app.close();
    app = undefined;
    expect((await statuses).at(-1)).toBe('stopped');
    expect(server.unwrap()).toBeDefined();
    expect([...server.getHandlers().keys()]).toEqual(['orders']);
    expect(() => server.on()).toThrow('events$');
  });
});
