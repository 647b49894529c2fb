import {
  BadRequestException,
  Catch,
  Controller,
  ForbiddenException,
  Inject,
  Injectable,
  ParseIntPipe,
  Scope,
  UseFilters,
  UseGuards,
  UsePipes,
  type CanActivate,
  type ExceptionFilter,
  type INestApplicationContext,
  type PipeTransform,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { CONTEXT, Ctx, Payload, type RequestContext } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { InMemoryCluster } from '@kafka-worker/testing';
import {
  DeadLetterError,
  deadLetter,
  fixed,
  FreezeError,
  KafkaWorker,
  NonRetryableError,
  ORIGIN_HEADERS,
  RetryLaterError,
  retryTopics,
  skip,
  SkipRecordError,
  type EngineEvent,
  type KafkaWorkerContext,
} from '@kafka-worker/nestjs';
import { firstValueFrom, of, take, throwError, toArray } from 'rxjs';
import { boot, clusterWith, WAYS, type BootOptions, type Way } from './support/app.js';
import { Calls } from './support/calls.js';
import { next, runtimeOf } from './support/events.js';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

class DomainError extends Error {}

/** Attempts enough to show that they are not made, and where records go after them. */
const worker = { retry: { attempts: 3, backoff: fixed(1) }, onFailure: deadLetter({ topic: 'dead' }) };

interface Outcome {
  readonly event: Extract<EngineEvent, { type: 'record.settled' | 'frozen' }>;
  readonly failures: number;
  readonly cluster: InMemoryCluster;
}

/** What becomes of one record of `orders`. */
async function outcome(way: Way, options: Omit<BootOptions, 'cluster'>, value = 'x'): Promise<Outcome> {
  const cluster = clusterWith('orders', 'dead');
  app = await boot(way, { ...options, cluster, kafka: { worker } });
  const runtime = runtimeOf(app);
  let failures = 0;
  runtime.events$.subscribe(({ type }) => void (type === 'record.failed' && failures++));
  const over = Promise.race([next(runtime, 'record.settled'), next(runtime, 'frozen')]);
  cluster.produce({ topic: 'orders', value });
  return { event: await over, failures, cluster };
}

/** A filter for `DomainError` that answers so. */
function filterThat(answer: () => unknown) {
  @Injectable()
  @Catch(DomainError)
  class Filter implements ExceptionFilter {
    catch(): unknown {
      return answer();
    }
  }
  return Filter;
}

/** A controller whose handler throws what a filter answers. */
function filtered(answer: () => unknown) {
  @Controller()
  class Orders {
    @UseFilters(filterThat(answer))
    @KafkaWorker({ topic: 'orders' })
    on(): void {
      throw new DomainError('original');
    }
  }
  return Orders;
}

describe.each(WAYS)('failures, run as %s', (way) => {
  it.each<[string, () => Error, string, string]>([
    ['DeadLetterError', () => new DeadLetterError('not ours'), 'dead-lettered', 'DEAD_LETTER'],
    ['SkipRecordError', () => new SkipRecordError('old'), 'skipped', 'SKIP_RECORD'],
    ['NonRetryableError', () => new NonRetryableError('broken'), 'dead-lettered', 'NON_RETRYABLE'],
  ])('a filter may answer with %s: one attempt', async (_name, error, disposition, code) => {
    const { event, failures } = await outcome(way, { controllers: [filtered(() => throwError(error))] });
    expect(event).toMatchObject({ type: 'record.settled', disposition, attempt: 1, error: { code } });
    expect(failures).toBe(1);
  });

  it('a filter may throw it, and may be a global one', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError('original');
      }
    }
    const Filter = filterThat(() => {
      throw new DeadLetterError('not ours');
    });
    const { event } = await outcome(way, {
      controllers: [Orders],
      providers: [{ provide: APP_FILTER, useClass: Filter }],
    });
    expect(event).toMatchObject({ disposition: 'dead-lettered', attempt: 1, to: { topic: 'dead' } });
  });

  it('a filter may answer with FreezeError', async () => {
    const controllers = [filtered(() => throwError(() => new FreezeError('key', 'stop')))];
    const { event, failures } = await outcome(way, { controllers });
    expect(event).toMatchObject({ type: 'frozen', scope: 'key', reason: 'handler', attempt: 1 });
    expect(failures).toBe(1);
  });

  it('a filter may answer with RetryLaterError, which counts for nothing', async () => {
    let calls = 0;
    const controllers = [filtered(() => (++calls <= 5 ? throwError(() => new RetryLaterError(1)) : of('over')))];
    const { event, failures } = await outcome(way, { controllers });
    expect(event).toMatchObject({ type: 'record.settled', disposition: 'done', attempt: 1 });
    expect(failures).toBe(5);
  });

  it('a filter that answers with a value has handled the error', async () => {
    const { event, failures } = await outcome(way, { controllers: [filtered(() => of('handled'))] });
    expect(event).toMatchObject({ type: 'record.settled', disposition: 'done' });
    expect(failures).toBe(0);
  });

  it("a pipe's BadRequestException goes to the dead-letter topic at once", async () => {
    @Injectable()
    class Validation implements PipeTransform {
      transform(): never {
        throw new BadRequestException(['id must be a number']);
      }
    }
    @Controller()
    class Orders {
      @UsePipes(Validation)
      @KafkaWorker({ topic: 'orders' })
      on(@Payload() _order: unknown): void {}
    }
    const { event, failures, cluster } = await outcome(way, { controllers: [Orders] });
    expect(event).toMatchObject({ disposition: 'dead-lettered', attempt: 1 });
    expect(failures).toBe(1);
    expect(String(cluster.records('dead')[0]?.headers[ORIGIN_HEADERS.errorClass])).toBe('BadRequestException');
  });

  it('so does that of a pipe at the parameter', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders' })
      on(@Payload('id', ParseIntPipe) _id: number): void {}
    }
    const { event, failures } = await outcome(way, { controllers: [Orders] }, '{"id":"x"}');
    expect(event).toMatchObject({ disposition: 'dead-lettered', attempt: 1 });
    expect(failures).toBe(1);
  });

  it.each([
    ['says no', () => false],
    [
      'throws',
      () => {
        throw new ForbiddenException();
      },
    ],
  ])('a guard that %s sends it there too', async (_name, decide) => {
    @Injectable()
    class Guard implements CanActivate {
      canActivate(): boolean {
        return decide();
      }
    }
    @Controller()
    class Orders {
      @UseGuards(Guard)
      @KafkaWorker({ topic: 'orders' })
      on(): void {}
    }
    const { event, failures } = await outcome(way, { controllers: [Orders] });
    expect(event).toMatchObject({ disposition: 'dead-lettered', attempt: 1 });
    expect(failures).toBe(1);
  });

  it('what trying again may mend is tried again first', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError('busy');
      }
    }
    const { event, failures, cluster } = await outcome(way, { controllers: [Orders] });
    expect(event).toMatchObject({ disposition: 'dead-lettered', attempt: 3, error: { message: 'busy' } });
    expect(failures).toBe(3);
    expect(String(cluster.records('dead')[0]?.headers[ORIGIN_HEADERS.worker])).toBe('Orders#on');
  });

  it.each(['controller', 'provider'] as const)(
    'a record of a retry topic reaches the handler of its source, and a request-scoped %s is told its pattern',
    async (kind) => {
      const calls = new Calls<string>();
      @Injectable({ scope: Scope.REQUEST })
      class PerRecord {
        constructor(@Inject(CONTEXT) readonly request: RequestContext<string, KafkaWorkerContext>) {}
      }
      @Controller()
      @Injectable()
      class Host {
        constructor(readonly mine: PerRecord) {}
        @KafkaWorker({
          topics: [/^pay/, 'orders'],
          concurrency: 'serial',
          retry: { attempts: 1 },
          onFailure: retryTopics([20], skip(), { create: true }),
        })
        on(@Payload() value: string, @Ctx() context: KafkaWorkerContext): void {
          const origin = context.getOrigin();
          const pattern = String(this.mine.request.getPattern());
          calls.add(`${value} ${pattern} ${context.getTopic()} of ${origin?.topic}/${origin?.partition}`);
          if (!origin) throw new DomainError('later');
        }
      }
      const cluster = clusterWith('orders', 'payments');
      app = await boot(way, {
        cluster,
        controllers: kind === 'controller' ? [Host] : [],
        providers: [PerRecord, ...(kind === 'provider' ? [Host] : [])],
      });
      const settled = firstValueFrom(runtimeOf(app).events$.pipe(take(Infinity), toArray()));
      cluster.produce([
        { topic: 'orders', partition: 1, value: 'a' },
        { topic: 'payments', partition: 0, value: 'b' },
      ]);
      await calls.reached(4);
      expect(calls.all.toSorted()).toEqual([
        'a orders orders of undefined/undefined',
        'a orders orders.group.retry-20 of orders/1',
        'b /^pay/ payments of undefined/undefined',
        'b /^pay/ payments.group.retry-20 of payments/0',
      ]);
      app = await app.close().then(() => undefined);
      const dispositions = (await settled).flatMap((event) =>
        event.type === 'record.settled' ? [`${event.disposition} ${event.topic}`] : [],
      );
      expect(dispositions.toSorted()).toEqual([
        'done orders.group.retry-20',
        'done payments.group.retry-20',
        'retried-later orders',
        'retried-later payments',
      ]);
    },
  );
});
