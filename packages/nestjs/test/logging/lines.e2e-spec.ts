import { Writable } from 'node:stream';
import {
  Controller,
  Injectable,
  Logger,
  Scope,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type INestApplicationContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deferred } from '@kafka-worker/testing';
import { fixed, KafkaWorker, skip, type KafkaWorkerModuleOptions } from '@kafka-worker/nestjs';
import { getRecordLogFields, KafkaLogContext } from '@kafka-worker/nestjs/logging';
import { KafkaTracingInterceptor } from '@kafka-worker/nestjs/otel';
import { Logger as PinoNestLogger, LoggerModule } from 'nestjs-pino';
import { defer, from, type Observable } from 'rxjs';
import { boot, clusterWith, WAYS, type BootOptions, type Way } from '../support/app.js';
import { next, runtimeOf } from '../support/events.js';
import { Spans } from '../support/spans.js';

interface Line {
  readonly msg: string;
  readonly context?: string;
  readonly record?: Record<string, unknown>;
}

let app: INestApplicationContext | undefined;
let text = '';
beforeEach(() => {
  text = '';
});
afterEach(async () => {
  const open = app;
  app = undefined;
  await open?.close();
  Logger.overrideLogger(false);
});

/** What was written with a Nest `Logger` of this name. */
function lines(context: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.context === context);
}

/** As an application wires nestjs-pino, with a stream in the place of stdout. */
function bootLogging(way: Way, options: BootOptions, kafka: Partial<KafkaWorkerModuleOptions> = {}) {
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const mixin = (): object => ({ record: getRecordLogFields() });
  return boot(way, {
    ...options,
    imports: [LoggerModule.forRoot({ pinoHttp: [{ mixin, autoLogging: false }, stream] })],
    kafka: {
      instrumentation: [new KafkaLogContext({ key: 'text' })],
      worker: { retry: { attempts: 2, backoff: fixed(1) }, onFailure: skip() },
      ...kafka,
    },
    setup: (made) => {
      const nest = made as unknown as INestApplication;
      nest.useLogger(nest.get(PinoNestLogger));
    },
    hybrid: { inheritAppConfig: false },
  });
}

describe.each(WAYS)('lines of a handler, run as %s', (way) => {
  it('carry the record before and after awaits, of concurrent handlers each its own, and no payload', async () => {
    const logger = new Logger('Orders');
    const gates = new Map(['a', 'b', 'c'].map((key) => [key, deferred()]));
    const all = deferred();
    let running = 0;
    @Injectable()
    class Service {
      async apply(key: string): Promise<void> {
        await gates.get(key)?.promise;
        logger.log(`after ${key}`);
        await Promise.resolve();
        setImmediate(() => logger.log(`left running by ${key}`));
      }
    }
    @Injectable()
    class Guard implements CanActivate {
      canActivate(): boolean {
        logger.log('guard');
        return true;
      }
    }
    @UseGuards(Guard)
    @Controller()
    class Orders {
      constructor(private readonly service: Service) {}
      @KafkaWorker({ topic: 'orders', concurrency: 'key' })
      async on(@Payload() order: { key: string }): Promise<void> {
        logger.log(`before ${order.key}`);
        if (++running === 3) all.resolve();
        await this.service.apply(order.key);
      }
    }
    const cluster = clusterWith('orders');
    app = await bootLogging(way, { cluster, controllers: [Orders], providers: [Service] });
    let left = 3;
    const settled = next(runtimeOf(app), 'record.settled', () => --left === 0);
    const keys = [...gates.keys()];
    cluster.produce(
      keys.map((key) => ({ topic: 'orders', partition: 0, key, value: JSON.stringify({ key, card: 'secret-4711' }) })),
    );
    await all.promise;
    for (const key of keys.toReversed()) gates.get(key)?.resolve();
    await settled;
    await new Promise((resolve) => setImmediate(resolve)); // what was left running has written
    const of = (key: string): object => ({
      worker: 'Orders#on',
      group: 'group',
      topic: 'orders',
      partition: 0,
      offset: keys.indexOf(key),
      key,
      attempt: 1,
    });
    const written = lines('Orders');
    for (const key of keys) {
      for (const when of ['before', 'after']) {
        expect(written.filter(({ msg }) => msg === `${when} ${key}`)).toMatchObject([{ record: of(key) }]);
        expect(written.find(({ msg }) => msg === `${when} ${key}`)?.record).toEqual(of(key));
      }
      expect(written.filter(({ msg }) => msg === `left running by ${key}`).map(({ record }) => record)).toEqual([
        undefined,
      ]);
    }
    expect(written.filter(({ msg }) => msg === 'guard').map(({ record }) => record?.['key'])).toEqual(keys);
    expect(text).not.toContain('secret');
    expect(getRecordLogFields()).toBeUndefined();
  });

  it('carry it where the host is made for the record, in interceptors and Observables, and with each attempt', async () => {
    const logger = new Logger('Orders');
    @Injectable()
    class Watch implements NestInterceptor {
      intercept(_context: ExecutionContext, handler: CallHandler): Observable<unknown> {
        logger.log('interceptor');
        return handler.handle();
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class PerRecord {
      constructor() {
        logger.log('made');
      }
    }
    @UseInterceptors(Watch)
    @Controller()
    class Orders {
      constructor(readonly mine: PerRecord) {}
      @KafkaWorker({ topic: 'orders' })
      on(): Observable<unknown> {
        return defer(() => {
          logger.log('handler');
          return from(
            Promise.resolve().then(() => {
              logger.log('awaited');
              throw new Error('once more');
            }),
          );
        });
      }
    }
    const cluster = clusterWith('orders');
    app = await bootLogging(way, { cluster, controllers: [Orders], providers: [PerRecord] });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', key: 'a', value: 'x' });
    await settled;
    expect(lines('Orders').map(({ msg, record }) => `${msg} #${String(record?.['attempt'])}`)).toEqual(
      [1, 2].flatMap((attempt) => ['made', 'interceptor', 'handler', 'awaited'].map((msg) => `${msg} #${attempt}`)),
    );
  });
});

it('lines and traces name each other: the traceId of a line is the one of the span', async () => {
  const spans = new Spans();
  const logger = new Logger('Orders');
  @Controller()
  class Orders {
    @KafkaWorker({ topic: 'orders' })
    on(): void {
      logger.log('handler');
    }
  }
  const cluster = clusterWith('orders');
  const instrumentation = [new KafkaLogContext(), new KafkaTracingInterceptor()];
  app = await bootLogging('module', { cluster, controllers: [Orders] }, { instrumentation });
  const settled = next(runtimeOf(app), 'record.settled');
  cluster.produce({ topic: 'orders', key: 'a', value: 'x' });
  await settled;
  const { traceId } = spans.one('process orders').spanContext();
  expect(lines('Orders').map(({ record }) => record?.['traceId'])).toEqual([traceId]);
  spans.end();
});
