import {
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
  UseInterceptors,
  type CanActivate,
  type INestApplication,
  type INestApplicationContext,
} from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { deferred } from '@kafka-worker/testing';
import {
  fixed,
  KafkaWorker,
  skip,
  transactional,
  type KafkaWorkerContext,
  type KafkaWorkerModuleOptions,
} from '@kafka-worker/nestjs';
import { KAFKA_TRACING_OPTIONS, KafkaTracingInterceptor, type KafkaTracingOptions } from '@kafka-worker/nestjs/otel';
import { defer, from, map, of } from 'rxjs';
import { boot, clusterWith, WAYS } from '../support/app.js';
import { next, runtimeOf } from '../support/events.js';
import { describe as labelOf, idOf, Spans } from '../support/spans.js';

let app: INestApplicationContext | undefined;
let spans: Spans;
beforeEach(() => {
  spans = new Spans();
});
afterEach(async () => {
  await close();
  spans.end();
});

async function close(): Promise<void> {
  const open = app;
  app = undefined;
  await open?.close();
}

/** The module's option; commits and drains only where a test is about them. */
function traced(options: KafkaTracingOptions = {}): Partial<KafkaWorkerModuleOptions> {
  return { instrumentation: [new KafkaTracingInterceptor({ operations: false, ...options })], worker: once };
}
const once = { retry: { attempts: 1 }, onFailure: skip() };

/** A span of the handler's own, behind an await: a child of whatever is active there. */
async function query(name: string): Promise<void> {
  await Promise.resolve();
  trace.getTracer('test').startSpan(name).end();
}

const PARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

describe.each(WAYS)('run as %s, without inheritAppConfig', (way) => {
  const hybrid = { inheritAppConfig: false };

  it.each([
    { by: 'the module', kafka: true, hand: false },
    { by: 'hand', kafka: false, hand: true },
    { by: 'both, one span', kafka: true, hand: true },
  ])('a handler is traced by $by', async ({ kafka, hand }) => {
    class Host {
      @KafkaWorker({ topic: 'orders', ...once })
      async on(): Promise<void> {
        await query('SELECT');
        throw new RangeError('none left');
      }
    }
    if (hand) UseInterceptors(KafkaTracingInterceptor)(Host);
    Controller()(Host);
    const cluster = clusterWith('orders');
    app = await boot(way, { cluster, controllers: [Host], hybrid, kafka: kafka ? traced() : {} });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', value: 'x', headers: { traceparent: PARENT } });
    await settled;
    expect(spans.tree()).toEqual(['? process orders #1 failed: RangeError', '  SELECT']);
    const span = spans.one('process orders');
    expect(span.spanContext().traceId).toBe('a'.repeat(32));
    expect(span.attributes).toMatchObject({
      'messaging.consumer.group.name': 'group',
      'kafka.offset': 0,
      'kafka_worker.worker': 'Host#on',
    });
  });

  it('bound by hand on class and method, it is one span, with the options that are provided', async () => {
    @UseInterceptors(KafkaTracingInterceptor)
    @Controller()
    class Host {
      @UseInterceptors(KafkaTracingInterceptor)
      @KafkaWorker({ topic: 'orders' })
      on(): void {}
    }
    const options: KafkaTracingOptions = { key: 'hash', clientId: 'shop-1' };
    const cluster = clusterWith('orders');
    app = await boot(way, {
      cluster,
      controllers: [Host],
      providers: [{ provide: KAFKA_TRACING_OPTIONS, useValue: options }],
      hybrid,
    });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', key: 'key', value: 'x' });
    await settled;
    expect(spans.names()).toEqual(['process orders']);
    expect(spans.one('process orders').attributes).toMatchObject({
      'kafka.message.key': '2c70e12b7a0646f9',
      'messaging.client.id': 'shop-1',
    });
  });

  it('a guard that refuses is inside of the span', async () => {
    @Injectable()
    class Closed implements CanActivate {
      async canActivate(): Promise<boolean> {
        await query('is it open');
        return false;
      }
    }
    @Controller()
    class Host {
      @UseGuards(Closed)
      @KafkaWorker({ topic: 'orders' })
      on(): void {}
    }
    const cluster = clusterWith('orders');
    app = await boot(way, { cluster, controllers: [Host], hybrid, kafka: traced() });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', value: 'x' });
    await settled;
    expect(spans.tree()).toEqual(['process orders #1 failed: RpcException', '  is it open']);
    expect(spans.one('process orders').status.message).toBe('Forbidden resource');
  });

  it.each([{ by: 'the module' as const }, { by: 'hand' as const }])(
    'the span of an Observable ends when it completes; its context is active in it (by $by)',
    async ({ by }) => {
      const gate = deferred();
      const subscribed = deferred();
      class Host {
        @KafkaWorker({ topic: 'orders' })
        on(): unknown {
          return defer(() => {
            subscribed.resolve();
            return from(gate.promise.then(() => query('SELECT')));
          }).pipe(map(() => 'done'));
        }
      }
      if (by === 'hand') UseInterceptors(KafkaTracingInterceptor)(Host);
      Controller()(Host);
      const cluster = clusterWith('orders');
      app = await boot(way, {
        cluster,
        controllers: [Host],
        hybrid,
        kafka: by === 'hand' ? {} : traced(),
      });
      const settled = next(runtimeOf(app), 'record.settled');
      cluster.produce({ topic: 'orders', value: 'x' });
      await subscribed.promise;
      expect(spans.all).toEqual([]);
      gate.resolve();
      await settled;
      expect(spans.tree()).toEqual(['process orders #1', '  SELECT']);
    },
  );
});

describe('contexts', () => {
  it('of handlers that run at once are their own, across awaits', async () => {
    const gates = new Map(['a', 'b', 'c'].map((key) => [key, deferred()]));
    const all = deferred();
    let running = 0;
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders', concurrency: 'key' })
      async on(@Payload() value: string): Promise<void> {
        if (++running === 3) all.resolve();
        await gates.get(value)?.promise;
        await query(`SELECT ${value}`);
      }
    }
    const cluster = clusterWith('orders');
    app = await boot('module', { cluster, controllers: [Host], kafka: traced() });
    let left = 3;
    const settled = next(runtimeOf(app), 'record.settled', () => --left === 0);
    cluster.produce([...gates.keys()].map((key) => ({ topic: 'orders', key, value: key })));
    await all.promise;
    for (const key of ['c', 'a', 'b']) gates.get(key)?.resolve();
    await settled;
    const label = (span: Parameters<typeof labelOf>[0]): string =>
      `${span.name} ${String(span.attributes['kafka.message.key'] ?? '')}`.trim();
    expect(spans.tree(label).toSorted()).toEqual(
      ['a', 'b', 'c'].flatMap((key) => [`process orders ${key}`, `  SELECT ${key}`]).toSorted(),
    );
    for (const key of ['a', 'b', 'c']) {
      const query = spans.one(`SELECT ${key}`);
      const handler = spans.all.find(
        (span) => idOf(span) === `${query.spanContext().traceId}-${query.parentSpanContext?.spanId}`,
      );
      expect(handler?.attributes['kafka.message.key']).toBe(key);
    }
  });

  it('of one attempt are not those of what its commit has started', async () => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders', commit: 'manual' })
      async on(@Payload() value: string, @Ctx() kafka: KafkaWorkerContext): Promise<void> {
        await kafka.commit();
        await query(`SELECT ${value}`);
      }
    }
    const cluster = clusterWith('orders');
    app = await boot('module', { cluster, controllers: [Host], kafka: traced({ operations: true }) });
    let left = 3;
    const settled = next(runtimeOf(app), 'record.settled', () => --left === 0);
    cluster.produce(['1', '2', '3'].map((value) => ({ topic: 'orders', partition: 0, value })));
    await settled;
    const tree = spans.tree();
    expect(tree.filter((line) => line.includes('process') || line.includes('SELECT'))).toEqual(
      ['1', '2', '3'].flatMap((value) => ['process orders #1', `  SELECT ${value}`]),
    );
    // inside of handlers, and yet traces of their own
    expect(tree.filter((line) => line === 'commit').length).toBeGreaterThanOrEqual(3);
    expect(tree.filter((line) => line.startsWith('  commit'))).toEqual([]);
  });
});

describe('attempts', () => {
  it('that are given up have a span that ends then, with HANDLER_TIMEOUT', async () => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders', timeoutMs: 5, ...once })
      async on(@Payload() _value: string, @Ctx() kafka: KafkaWorkerContext): Promise<void> {
        const signal = kafka.getSignal();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      }
    }
    const cluster = clusterWith('orders');
    app = await boot('module', { cluster, controllers: [Host], kafka: traced() });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', value: 'x' });
    await settled;
    expect(spans.tree()).toEqual(['process orders #1 failed: HANDLER_TIMEOUT']);
  });

  it('whose payload cannot be read fail in their span', async () => {
    @Controller()
    class Host {
      @KafkaWorker({
        topic: 'orders',
        deserializer: {
          deserialize: () => {
            throw new TypeError('no schema');
          },
        },
        ...once,
      })
      on(): void {}
    }
    const cluster = clusterWith('orders');
    app = await boot('module', { cluster, controllers: [Host], kafka: traced() });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', value: 'x' });
    await settled;
    expect(spans.tree()).toEqual(['process orders #1 failed: DESERIALIZE']);
  });

  it('that send() where there is no transaction have a span of that as well', async () => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders', ...once })
      on(@Payload() _value: string, @Ctx() kafka: KafkaWorkerContext): void {
        kafka.send({ topic: 'bills', value: 'v' });
      }
    }
    const cluster = clusterWith('orders');
    app = await boot('module', { cluster, controllers: [Host], kafka: traced() });
    const settled = next(runtimeOf(app), 'record.settled');
    cluster.produce({ topic: 'orders', value: 'x' });
    await settled;
    expect(spans.tree()).toEqual([
      'process orders #1 failed: NOT_TRANSACTIONAL',
      '  send bills failed: NOT_TRANSACTIONAL',
    ]);
  });

  it('of transactional() send below themselves, those that fail included', async () => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders', delivery: transactional(), retry: { attempts: 2, backoff: fixed(1) } })
      async on(@Payload() _value: string, @Ctx() kafka: KafkaWorkerContext): Promise<void> {
        await Promise.resolve();
        kafka.send({ topic: 'bills', value: 'v' });
        if (kafka.getAttempt() === 1) throw new RangeError('once more');
      }
      @KafkaWorker({ topic: 'bills' })
      bill(): void {}
    }
    const cluster = clusterWith('orders', 'bills');
    app = await boot('module', { cluster, controllers: [Host], kafka: traced() });
    const billed = next(runtimeOf(app), 'record.settled', ({ topic }) => topic === 'bills');
    cluster.produce({ topic: 'orders', value: 'x' });
    await billed;
    expect(spans.tree()).toEqual([
      'process orders #1 failed: RangeError',
      '  send bills',
      'process orders #2',
      '  send bills',
      '    process bills #1',
    ]);
  });
});

describe('batches', () => {
  it('and what was taken with them are linked both ways, retries included', async () => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders', concurrency: 'key', retry: { attempts: 2, backoff: fixed(1) } })
      on(@Payload() value: string, @Ctx() kafka: KafkaWorkerContext): void {
        if (value === 'flaky' && kafka.getAttempt() === 1) throw new RangeError('once more');
      }
    }
    const cluster = clusterWith('orders');
    // Before the start, so that they are taken together.
    cluster.produce(
      ['good', 'flaky', 'good'].map((value, i) => ({ topic: 'orders', partition: 0, key: `${i}`, value })),
    );
    app = await boot('module', { cluster, controllers: [Host], kafka: traced({ spans: 'both' }) });
    await next(runtimeOf(app), 'record.settled', ({ offset }) => offset === 1);
    await close();
    const batch = spans.one('receive orders');
    expect(batch.attributes['messaging.batch.message_count']).toBe(3);
    const handled = spans.named('process orders');
    expect(handled).toHaveLength(4);
    expect(batch.links.map(({ context }) => context.spanId).toSorted()).toEqual(
      handled.map((span) => span.spanContext().spanId).toSorted(),
    );
    for (const { links, attributes } of handled) {
      const isRetry = attributes['kafka_worker.attempt'] === 2;
      expect(links).toHaveLength(isRetry ? 2 : 1); // a retry is linked with the attempt before as well
      expect(links[0]).toMatchObject({ context: batch.spanContext() });
    }
    // ended with its last record, not before
    expect(spans.names().at(-1)).toBe('receive orders');
  });

  it('alone: one span for all of its records, active in their handlers', async () => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders', concurrency: 'key', ...once })
      async on(@Payload() value: string): Promise<void> {
        await query(`SELECT ${value}`);
        if (value === 'bad') throw new RangeError('none left');
      }
    }
    const cluster = clusterWith('orders');
    cluster.produce(
      ['good', 'bad'].map((value) => ({
        topic: 'orders',
        partition: 0,
        key: value,
        value,
        headers: { traceparent: PARENT },
      })),
    );
    app = await boot('module', { cluster, controllers: [Host], kafka: traced({ spans: 'batch' }) });
    await next(runtimeOf(app), 'record.settled', ({ disposition }) => disposition === 'skipped');
    await close();
    expect(spans.tree().toSorted()).toEqual(['  SELECT bad', '  SELECT good', 'receive orders failed: RangeError']);
    const batch = spans.one('receive orders');
    expect(batch.links.map(({ context }) => context.traceId)).toEqual(['a'.repeat(32), 'a'.repeat(32)]);
    expect(batch.attributes['kafka_worker.failed_attempts']).toBe(1);
  });

  it('end where their partition goes before their last record is settled', async () => {
    const started = deferred();
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders' })
      on(): Promise<never> {
        started.resolve();
        return new Promise(() => undefined);
      }
    }
    const cluster = clusterWith('orders');
    cluster.produce({ topic: 'orders', value: 'x' });
    const shutdown = { graceMs: 1, forceMs: 1 };
    app = await boot('module', { cluster, controllers: [Host], kafka: { ...traced({ spans: 'both' }), shutdown } });
    await started.promise;
    await close();
    expect(spans.names()).toEqual(['receive orders', 'process orders']);
    expect(spans.one('process orders').attributes['error.type']).toBe('AbortError');
  });
});

it('a rebalance, commits and the drain of the shutdown have spans, each a trace of its own', async () => {
  @Controller()
  class Host {
    @KafkaWorker({ topic: 'orders' })
    on(): void {}
  }
  const cluster = clusterWith('orders');
  app = await boot('module', { cluster, controllers: [Host], kafka: traced({ operations: true }) });
  const settled = next(runtimeOf(app), 'record.settled');
  cluster.produce({ topic: 'orders', value: 'x' });
  await settled;
  await close();
  expect(spans.tree()).toEqual(
    expect.arrayContaining(['rebalance group', 'process orders #1', 'commit', 'drain group']),
  );
  expect(new Set(spans.all.map((span) => span.spanContext().traceId)).size).toBe(spans.all.length);
  expect(spans.one('drain group').attributes).toMatchObject({
    'kafka_worker.cause': 'shutdown',
    'kafka_worker.outcome': 'drained',
    'kafka_worker.left': 0,
  });
  expect(spans.named('rebalance group')[0]?.attributes).toMatchObject({ 'kafka_worker.assigned': 2 });
  for (const { status } of spans.all) expect(status.code).toBe(SpanStatusCode.UNSET);
});

it('where it is not asked for there are no spans and no headers', async () => {
  const seen: unknown[] = [];
  @Controller()
  class Host {
    @KafkaWorker({ topic: 'orders' })
    async on(@Payload() _value: string, @Ctx() kafka: KafkaWorkerContext): Promise<void> {
      await kafka.getProducer().send({ topic: 'bills', value: 'v' });
    }
    @KafkaWorker({ topic: 'bills' })
    bill(@Payload() _value: string, @Ctx() kafka: KafkaWorkerContext): void {
      seen.push(kafka.getRecord().headers);
    }
  }
  const cluster = clusterWith('orders', 'bills');
  app = await boot('module', { cluster, controllers: [Host] });
  const billed = next(runtimeOf(app), 'record.settled', ({ topic }) => topic === 'bills');
  cluster.produce({ topic: 'orders', value: 'x' });
  await billed;
  await close();
  expect(spans.all).toEqual([]);
  expect(seen).toEqual([{}]);
});

it('bound to a class that has routes too, it lets them pass', async () => {
  @UseInterceptors(KafkaTracingInterceptor)
  @Controller()
  class Both {
    @Get('tea')
    tea(): unknown {
      return of('hot');
    }
    @KafkaWorker({ topic: 'orders' })
    on(): void {}
  }
  @Module({})
  class Empty {}
  app = await boot('module', { cluster: clusterWith('orders'), controllers: [Both], imports: [Empty] });
  const http = app as INestApplication;
  await http.listen(0);
  expect(await (await fetch(`${await http.getUrl()}/tea`)).text()).toBe('hot');
  await close();
  expect(spans.all).toEqual([]);
});
