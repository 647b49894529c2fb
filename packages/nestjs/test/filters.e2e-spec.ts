import {
  Catch,
  Controller,
  Injectable,
  UseFilters,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplicationContext,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { EventPattern, Payload, RpcException } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isKafkaWorkerContext, KafkaWorker } from '@kafka-worker/nestjs';
import { EMPTY, of, throwError } from 'rxjs';
import { boot, clusterWith, WAYS, type BootOptions, type Way } from './support/app.js';
import { next, runtimeOf } from './support/events.js';

class DomainError extends Error {}
class OtherError extends Error {}

const caught: string[] = [];
/** Turns an error into a value and says who did. */
function handling(name: string, answer: () => unknown = () => of('handled')) {
  @Injectable()
  @Catch(DomainError)
  class Filter implements ExceptionFilter {
    catch(_error: DomainError, host: ArgumentsHost): unknown {
      caught.push(`${name} ${isKafkaWorkerContext(host.switchToRpc().getContext())}`);
      return answer();
    }
  }
  return Filter;
}

let app: INestApplicationContext | undefined;
afterEach(async () => {
  caught.length = 0;
  await app?.close();
  app = undefined;
});

/** Boots with nothing in the topic, then waits for what becomes of one record. */
async function outcome(way: Way, options: Omit<BootOptions, 'cluster'>): Promise<string | Error> {
  const cluster = clusterWith('orders');
  app = await boot(way, { ...options, cluster, kafka: { worker: { retry: { attempts: 1 } }, ...options.kafka } });
  const runtime = runtimeOf(app);
  const result = Promise.race([
    next(runtime, 'record.failed').then(({ error }) => error),
    next(runtime, 'record.settled').then(({ disposition }) => disposition),
  ]);
  cluster.produce({ topic: 'orders', value: 'x' });
  return result;
}

describe.each(WAYS)('errors and filters, run as %s', (way) => {
  it('without a filter the error arrives as the class it is', async () => {
    @Controller()
    class Plain {
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError('original');
      }
    }
    const error = await outcome(way, { controllers: [Plain] });
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toHaveProperty('message', 'original');
  });

  it('an RpcException arrives as itself, and an error in an Observable too', async () => {
    @Controller()
    class Plain {
      @KafkaWorker({ topic: 'orders' })
      on(): unknown {
        return throwError(() => new RpcException('no'));
      }
    }
    expect(await outcome(way, { controllers: [Plain] })).toBeInstanceOf(RpcException);
  });

  it.each([
    ['of(value)', () => of(1)],
    ['EMPTY', () => EMPTY],
    ['a value', () => 'x'],
  ])('a filter on the method that returns %s has handled the error', async (_name, answer) => {
    @Controller()
    class Filtered {
      @UseFilters(handling('method', answer))
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError();
      }
    }
    expect(await outcome(way, { controllers: [Filtered] })).toBe('done');
  });

  it('a filter below the decorator wins as well', async () => {
    @Controller()
    class Filtered {
      @KafkaWorker({ topic: 'orders' })
      @UseFilters(handling('method'))
      on(): void {
        throw new DomainError();
      }
    }
    expect(await outcome(way, { controllers: [Filtered] })).toBe('done');
  });

  it('a filter that returns nothing has not handled it', async () => {
    @Controller()
    class Filtered {
      @UseFilters(handling('method', () => undefined))
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError('original');
      }
    }
    expect(await outcome(way, { controllers: [Filtered] })).toBeInstanceOf(Error);
  });

  it('a filter that throws on has its own error arrive', async () => {
    @Controller()
    class Filtered {
      @UseFilters(handling('method', () => throwError(() => new OtherError())))
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError();
      }
    }
    expect(await outcome(way, { controllers: [Filtered] })).toBeInstanceOf(OtherError);
  });

  it('method, then class, then global', async () => {
    @Controller()
    @UseFilters(handling('class'))
    class OnClass {
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError();
      }
    }
    @Controller()
    @UseFilters(handling('class'))
    class OnBoth {
      @UseFilters(handling('method'))
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError();
      }
    }
    const globally = { provide: APP_FILTER, useClass: handling('global') };
    expect(await outcome(way, { controllers: [OnBoth], providers: [globally] })).toBe('done');
    await app?.close();
    expect(await outcome(way, { controllers: [OnClass], providers: [globally] })).toBe('done');
    expect(caught).toEqual(['method true', 'class true']);
  });

  it('APP_FILTER and useGlobalFilters are asked, the last one first; what they do not catch arrives', async () => {
    @Controller()
    class Plain {
      @KafkaWorker({ topic: 'orders' })
      on(@Payload() _value: string): void {
        throw new DomainError();
      }
    }
    @Catch(OtherError)
    class NotForUs implements ExceptionFilter {
      catch(): unknown {
        caught.push('never');
        return of(0);
      }
    }
    const Global = handling('global');
    expect(await outcome(way, { controllers: [Plain], providers: [{ provide: APP_FILTER, useClass: Global }] })).toBe(
      'done',
    );
    await app?.close();
    const setup: BootOptions['setup'] = (target) =>
      target.useGlobalFilters(new (handling('first'))() as never, new Global() as never, new NotForUs() as never);
    expect(await outcome(way, { controllers: [Plain], setup })).toBe('done');
    expect(caught).toEqual(['global true', 'global true']);
    await app?.close();
    const never: BootOptions['setup'] = (target) => target.useGlobalFilters(new NotForUs() as never);
    expect(await outcome(way, { controllers: [Plain], setup: never })).toBeInstanceOf(DomainError);
  });

  it('providers have the same filters', async () => {
    @Injectable()
    @UseFilters(handling('class'))
    class Host {
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError();
      }
    }
    expect(await outcome(way, { providers: [Host] })).toBe('done');
    expect(caught).toEqual(['class true']);
  });
});

describe('where ways differ by what Nest does', () => {
  it('a hybrid app without inheritAppConfig keeps its global filters from workers', async () => {
    @Controller()
    class Plain {
      @KafkaWorker({ topic: 'orders' })
      on(): void {
        throw new DomainError();
      }
    }
    const providers = [{ provide: APP_FILTER, useClass: handling('global') }];
    const options = { controllers: [Plain], providers, hybrid: { inheritAppConfig: false } };
    expect(await outcome('hybrid', options)).toBeInstanceOf(DomainError);
    expect(caught).toEqual([]);
  });

  it.each(['microservice', 'hybrid'] as const)(
    'a bare @EventPattern keeps its error under the strategy (%s)',
    async (way) => {
      @Controller()
      class Bare {
        @EventPattern('orders')
        on(_value: unknown): void {
          throw new DomainError('original');
        }
      }
      expect(await outcome(way, { controllers: [Bare] })).toBeInstanceOf(DomainError);
    },
  );
});
