import {
  Body,
  Controller,
  Injectable,
  Post,
  type INestApplication,
  type INestApplicationContext,
} from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import {
  deadLetter,
  fixed,
  InjectKafkaProducer,
  KafkaWorker,
  KafkaWorkerContext,
  KafkaWorkerProducer,
  retryTopics,
} from '@kafka-worker/nestjs';
import { KafkaTracingInterceptor } from '@kafka-worker/nestjs/otel';
import { boot, clusterWith, WAYS } from '../support/app.js';
import { next, runtimeOf } from '../support/events.js';
import { Spans } from '../support/spans.js';

const RETRY_TOPIC = 'orders.group.retry-10';

let app: INestApplicationContext | undefined;
let spans: Spans;
beforeEach(() => {
  spans = new Spans();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  spans.end();
});

/** Asked for anew: one that was given once stays with the SDK of its test. */
const tracer = (): Tracer => trace.getTracer('test');

/** What the instrumentation of an HTTP server does. */
function serverSpan(
  { method, url }: { method: string; url: string },
  response: { once(event: 'finish', listener: () => void): void },
  proceed: () => void,
): void {
  const span = tracer().startSpan(`${method} ${url}`, { kind: SpanKind.SERVER }, ROOT_CONTEXT);
  response.once('finish', () => span.end());
  context.with(trace.setSpan(ROOT_CONTEXT, span), proceed);
}

@Injectable()
class Stock {
  /** As an instrumented database client does it: below whatever is active, also behind an await. */
  async reserve(): Promise<never> {
    await Promise.resolve();
    await tracer().startActiveSpan('SELECT stock', async (span) => {
      await Promise.resolve();
      span.end();
    });
    throw new RangeError('none left');
  }
}

@Controller()
class Shop {
  constructor(
    private readonly stock: Stock,
    @InjectKafkaProducer() private readonly producer: KafkaWorkerProducer,
  ) {}

  @Post('orders')
  async place(@Body() order: unknown): Promise<void> {
    await this.producer.send({ topic: 'orders', key: 'o-1', value: order });
  }

  @KafkaWorker({
    topic: 'orders',
    retry: { attempts: 2, backoff: fixed(1) },
    onFailure: retryTopics([10], deadLetter({ topic: 'orders.dead' })),
  })
  onOrder(): Promise<void> {
    return this.stock.reserve();
  }

  @KafkaWorker({ topic: 'orders.dead' })
  async onDead(@Payload() _order: unknown, @Ctx() kafka: KafkaWorkerContext): Promise<void> {
    await kafka.getProducer().send({ topic: 'tickets', key: kafka.getKey(), value: 'somebody has to look' });
  }
}

it.each(WAYS)('from a request to a dead letter and beyond it is one trace, run as %s', async (way) => {
  const cluster = clusterWith('orders', RETRY_TOPIC, 'orders.dead', 'tickets');
  app = await boot(way, {
    cluster,
    controllers: [Shop],
    providers: [Stock],
    kafka: { instrumentation: [new KafkaTracingInterceptor({ operations: false })] },
    setup: (made) => (made as unknown as Partial<INestApplication>).use?.(serverSpan),
    hybrid: { inheritAppConfig: false },
  });
  const over = next(runtimeOf(app), 'record.settled', ({ topic }) => topic === 'orders.dead');
  if (way === 'microservice') {
    // has no routes: a controller that is called by something with a span
    const shop = app.get(Shop);
    await tracer().startActiveSpan('POST /orders', { kind: SpanKind.SERVER }, ROOT_CONTEXT, async (span) => {
      await shop.place({ id: 1 });
      span.end();
    });
  } else {
    const http = app as INestApplication;
    await http.listen(0);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${await http.getUrl()}/orders`, { method: 'POST', headers, body: '{"id":1}' });
    expect(answer.status).toBe(201);
  }
  expect((await over).disposition).toBe('done');
  await app.close(); // the last span has ended with its attempt, before the record was settled

  const handled = (topic: string, attempt: number): string[] => [
    `process ${topic} #${attempt} failed: RangeError`,
    '  SELECT stock',
  ];
  expect(spans.tree()).toEqual(
    [
      ['POST /orders'],
      ['  send orders'],
      indent(4, handled('orders', 1)),
      indent(4, handled('orders', 2)),
      [`      send ${RETRY_TOPIC}`],
      indent(8, handled(RETRY_TOPIC, 1)),
      indent(8, handled(RETRY_TOPIC, 2)),
      ['          send orders.dead'],
      ['            process orders.dead #1'],
      ['              send tickets'],
    ].flat(),
  );
  expect(new Set(spans.all.map((span) => span.spanContext().traceId)).size).toBe(1);

  const failed = spans.all.filter(({ status }) => status.code === SpanStatusCode.ERROR);
  expect(failed).toHaveLength(4);
  for (const { events, kind } of failed) {
    expect(kind).toBe(SpanKind.CONSUMER);
    expect(events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': 'none left' } }]);
  }
  const kinds = spans.all.filter(({ name }) => name.startsWith('send ')).map(({ kind }) => kind);
  expect(kinds).toEqual(kinds.map(() => SpanKind.PRODUCER));
});

function indent(by: number, lines: readonly string[]): string[] {
  return lines.map((line) => ' '.repeat(by) + line);
}
