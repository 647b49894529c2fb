import { describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  Catch,
  Controller,
  Inject,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import { Ctx, Payload, type RequestContext } from '@nestjs/microservices';
import { of, tap, throwError, type Observable } from 'rxjs';
import { fixed, isKafkaWorkerContext, KafkaWorker, KafkaWorkerContext, skip } from '@kafka-worker/nestjs';
import { tested } from '../support/tester.js';

const log: string[] = [];

@Injectable()
class TenantGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const kafka: unknown = context.switchToRpc().getContext();
    log.push('guard');
    return isKafkaWorkerContext(kafka) && kafka.getKey() !== 'stranger';
  }
}

@Injectable()
class LogInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    log.push('before');
    return next.handle().pipe(tap(() => log.push('after')));
  }
}

@Injectable()
class PositivePipe implements PipeTransform<{ amount: number }> {
  transform(value: { amount: number }): { amount: number } {
    log.push('pipe');
    if (value.amount <= 0) throw new BadRequestException('the amount is not positive');
    return value;
  }
}

class SoldOut extends Error {}
class Forbidden extends Error {}

@Catch(SoldOut)
class SoldOutFilter implements ExceptionFilter {
  catch(): Observable<unknown> {
    log.push('filter');
    return of('handled');
  }
}

@Catch(Forbidden)
class PassOnFilter implements ExceptionFilter {
  catch(error: Error, _host: ArgumentsHost): Observable<unknown> {
    log.push('filter');
    return throwError(() => error);
  }
}

@Controller()
@UseGuards(TenantGuard)
@UseInterceptors(LogInterceptor)
@UseFilters(SoldOutFilter, PassOnFilter)
class OrdersWorker {
  @KafkaWorker({ topic: 'orders', retry: { attempts: 2, backoff: fixed(1000) }, onFailure: skip() })
  @UsePipes(PositivePipe)
  onOrder(@Payload() { amount }: { amount: number }): string {
    log.push('handler');
    if (amount === 13) throw new SoldOut();
    if (amount === 14) throw new Forbidden();
    return 'value';
  }
}

describe('a delivery goes through Nest’s pipeline', () => {
  it('guards, interceptors, pipes, handler', async () => {
    log.length = 0;
    const { kafka } = await tested({ controllers: [OrdersWorker] });
    expect(await kafka.deliver('orders', { amount: 1 })).toMatchObject({ disposition: 'done' });
    expect(log).toEqual(['guard', 'before', 'pipe', 'handler', 'after']);
  });

  it('a guard that says no, once', async () => {
    log.length = 0;
    const { kafka } = await tested({ controllers: [OrdersWorker] });
    const result = await kafka.deliver('orders', { key: 'stranger', value: { amount: 1 } });
    expect(result).toMatchObject({ disposition: 'skipped', attempts: 1, error: { message: 'Forbidden resource' } });
    expect(log).toEqual(['guard']);
  });

  it('a pipe that refuses, with its exception', async () => {
    const { kafka } = await tested({ controllers: [OrdersWorker] });
    const result = await kafka.deliver('orders', { amount: -1 });
    expect(result).toMatchObject({ disposition: 'skipped', attempts: 1 });
    expect(result.error).toBeInstanceOf(BadRequestException);
  });

  it('a filter that answers, and one that passes on', async () => {
    log.length = 0;
    const { kafka } = await tested({ controllers: [OrdersWorker] });
    expect(await kafka.deliver('orders', { amount: 13 })).toMatchObject({ disposition: 'done', attempts: 1 });
    const result = await kafka.deliver('orders', { amount: 14 });
    expect(result).toMatchObject({ disposition: 'skipped', attempts: 2, durationMs: 1000 });
    expect(result.error).toBeInstanceOf(Forbidden);
    expect(log.filter((line) => line === 'filter')).toHaveLength(3);
  });

  it('with guards, pipes, interceptors and filters overridden', async () => {
    log.length = 0;
    const { kafka } = await tested({ controllers: [OrdersWorker] }, {}, (builder) =>
      builder
        .overrideGuard(TenantGuard)
        .useValue({ canActivate: () => true })
        .overridePipe(PositivePipe)
        .useValue({ transform: (value: unknown) => value })
        .overrideInterceptor(LogInterceptor)
        .useValue({ intercept: (_: unknown, next: CallHandler) => next.handle() })
        .overrideFilter(SoldOutFilter)
        .useValue({ catch: (error: Error) => throwError(() => error) }),
    );
    const record = { key: 'stranger', value: { amount: -1 } };
    expect(await kafka.deliver('orders', record)).toMatchObject({ disposition: 'done' });
    expect(await kafka.deliver('orders', { amount: 13 })).toMatchObject({ disposition: 'skipped' });
    expect(log).toEqual(['handler', 'handler', 'handler']);
  });

  it('with global enhancers', async () => {
    log.length = 0;
    const { kafka } = await tested({
      controllers: [OrdersWorker],
      providers: [{ provide: APP_INTERCEPTOR, useClass: LogInterceptor }],
    });
    await kafka.deliver('orders', { amount: 1 });
    expect(log).toEqual(['guard', 'before', 'before', 'pipe', 'handler', 'after', 'after']);
  });
});

describe('request scope', () => {
  const instances = new Set<unknown>();

  @Injectable({ scope: Scope.REQUEST })
  class Tenant {
    constructor(@Inject(REQUEST) readonly request: RequestContext) {}

    get name(): string {
      return (this.request.getContext() as unknown as KafkaWorkerContext).getKey() ?? '';
    }
  }

  @Controller()
  class OrdersWorker {
    constructor(private readonly tenant: Tenant) {}

    @KafkaWorker({ topic: 'orders', retry: { attempts: 2, backoff: fixed(1000) } })
    onOrder(@Ctx() context: KafkaWorkerContext): void {
      instances.add(this);
      if (this.tenant.name !== context.getKey()) throw new Error('of another request');
      if (context.getAttempt() === 1 && context.getKey() === 'ben') throw new Error('once more');
    }
  }

  it('makes the handler anew for each attempt', async () => {
    const { kafka } = await tested({ controllers: [OrdersWorker], providers: [Tenant] });
    const results = await kafka.deliverAll('orders', [
      { key: 'ann', value: 1 },
      { key: 'ben', value: 2 },
    ]);
    expect(results.map(({ disposition, attempts }) => [disposition, attempts])).toEqual([
      ['done', 1],
      ['done', 2],
    ]);
    expect(instances.size).toBe(3);
  });
});
