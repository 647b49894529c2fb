import {
  BadRequestException,
  Controller,
  Injectable,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplicationContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import { Ctx, Payload } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { KafkaWorker, KafkaWorkerContext } from '@kafka-worker/nestjs';
import { EMPTY, of, tap } from 'rxjs';
import { boot, clusterWith, WAYS } from './support/app.js';
import { Calls } from './support/calls.js';
import { next, runtimeOf } from './support/events.js';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

const order: string[] = [];
@Injectable()
class Dependency {
  readonly name = 'dep';
}
function guard(name: string) {
  @Injectable()
  class Guard implements CanActivate {
    constructor(
      readonly dependency: Dependency,
      readonly reflector: Reflector,
    ) {}
    canActivate(context: ExecutionContext): boolean {
      const role: unknown = this.reflector.get('role', context.getHandler());
      order.push(
        `guard ${name} ${this.dependency.name} ${String(role)} ${context.getType()} ${context.getClass().name}`,
      );
      return true;
    }
  }
  return Guard;
}
function interceptor(name: string) {
  @Injectable()
  class Interceptor implements NestInterceptor {
    constructor(readonly dependency: Dependency) {}
    intercept(context: ExecutionContext, nextHandler: CallHandler) {
      const worker = context.switchToRpc().getContext<KafkaWorkerContext>().getWorker();
      order.push(`interceptor ${name} ${this.dependency.name} ${worker}`);
      return nextHandler.handle().pipe(tap((value) => order.push(`after ${name} ${String(value)}`)));
    }
  }
  return Interceptor;
}
function pipe(name: string) {
  @Injectable()
  class Pipe implements PipeTransform {
    constructor(readonly dependency: Dependency) {}
    transform(value: unknown): unknown {
      // Nest runs pipes for @Ctx() too.
      if (value instanceof KafkaWorkerContext) return value;
      order.push(`pipe ${name} ${this.dependency.name}`);
      return `${String(value)}+${name}`;
    }
  }
  return Pipe;
}

describe.each(WAYS)('enhancers, run as %s', (way) => {
  it.each(['controller', 'provider'] as const)('all kinds on method, class and globally, of a %s', async (kind) => {
    order.length = 0;
    const calls = new Calls<unknown>();
    @Controller()
    @Injectable()
    @UseGuards(guard('class'))
    @UseInterceptors(interceptor('class'))
    @UsePipes(pipe('class'))
    class Host {
      @SetMetadata('role', 'admin')
      @UseGuards(guard('method'))
      @UseInterceptors(interceptor('method'))
      @UsePipes(pipe('method'))
      @KafkaWorker({ topic: 'orders' })
      on(@Payload(pipe('param')) value: string, @Ctx() _context: KafkaWorkerContext): string {
        calls.add(value);
        return 'result';
      }
    }
    const cluster = clusterWith('orders');
    cluster.produce({ topic: 'orders', value: 'v' });
    app = await boot(way, {
      cluster,
      controllers: kind === 'controller' ? [Host] : [],
      providers: [
        Dependency,
        ...(kind === 'provider' ? [Host] : []),
        { provide: APP_GUARD, useClass: guard('global') },
        { provide: APP_INTERCEPTOR, useClass: interceptor('global') },
        { provide: APP_PIPE, useClass: pipe('global') },
      ],
    });
    expect(await calls.reached(1)).toEqual(['v+global+class+method+param']);
    await app.close();
    const guards = ['global', 'class', 'method'].map((name) => `guard ${name} dep admin rpc Host`);
    const interceptors = ['global', 'class', 'method'].map((name) => `interceptor ${name} dep Host#on`);
    const pipes = ['global', 'class', 'method', 'param'].map((name) => `pipe ${name} dep`);
    const after = ['method', 'class', 'global'].map((name) => `after ${name} result`);
    expect(order).toEqual([...guards, ...interceptors, ...pipes, ...after]);
  });

  it('a provider under another token keeps its guards', async () => {
    order.length = 0;
    const calls = new Calls<unknown>();
    class Host {
      @UseGuards(guard('method'))
      @KafkaWorker({ topic: 'orders' })
      on(@Payload() value: string): void {
        calls.add(value);
      }
    }
    const cluster = clusterWith('orders');
    cluster.produce({ topic: 'orders', value: 'v' });
    const providers = [Dependency, { provide: 'TOKEN', useClass: Host }, { provide: 'ALIAS', useExisting: 'TOKEN' }];
    app = await boot(way, { cluster, providers });
    await calls.reached(1);
    expect(order).toEqual(['guard method dep undefined rpc Host']);
  });

  it('pipes see an undecorated first parameter', async () => {
    order.length = 0;
    const calls = new Calls<unknown[]>();
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'orders' })
      on(...args: unknown[]): void {
        calls.add(args);
      }
    }
    const cluster = clusterWith('orders');
    cluster.produce({ topic: 'orders', value: 'v' });
    const providers = [Dependency, { provide: APP_PIPE, useClass: pipe('global') }];
    app = await boot(way, { cluster, controllers: [Host], providers });
    expect(await calls.reached(1)).toEqual([['v+global']]);
  });

  it('a refusing guard and a failing pipe are not tried again', async () => {
    @Injectable()
    class Never implements CanActivate {
      canActivate(): boolean {
        return false;
      }
    }
    @Injectable()
    class Strict implements PipeTransform {
      transform(): never {
        throw new BadRequestException('not so');
      }
    }
    @Controller()
    class Host {
      @UseGuards(Never)
      @KafkaWorker({ topic: 'guarded' })
      guarded(): void {}
      @KafkaWorker({ topic: 'piped' })
      piped(@Payload(Strict) _value: string): void {}
    }
    const cluster = clusterWith('guarded', 'piped');
    app = await boot(way, { cluster, controllers: [Host] });
    const runtime = runtimeOf(app);
    const failures = Promise.all([
      next(runtime, 'record.failed', ({ topic }) => topic === 'guarded'),
      next(runtime, 'record.failed', ({ topic }) => topic === 'piped'),
    ]);
    cluster.produce([
      { topic: 'guarded', value: '1' },
      { topic: 'piped', value: '1' },
    ]);
    const [guarded, piped] = await failures;
    expect([guarded.retryInMs, piped.retryInMs]).toEqual([undefined, undefined]);
    expect(guarded.error.message).toBe('Forbidden resource');
    expect(piped.error).toBeInstanceOf(BadRequestException);
  });

  it.each([
    ['an empty Observable', () => EMPTY],
    ['an Observable of several', () => of(1, 2)],
    ['a promise of an Observable', async () => EMPTY],
    ['nothing', () => undefined],
  ])('%s is done, with an interceptor or without', async (_name, result) => {
    @Controller()
    class Host {
      @KafkaWorker({ topic: 'plain' })
      plain(): unknown {
        return result();
      }
      @UseInterceptors(interceptor('method'))
      @KafkaWorker({ topic: 'intercepted' })
      intercepted(): unknown {
        return result();
      }
    }
    const cluster = clusterWith('plain', 'intercepted');
    app = await boot(way, { cluster, controllers: [Host], providers: [Dependency] });
    const settled = Promise.all(
      ['plain', 'intercepted'].map((name) => next(runtimeOf(app!), 'record.settled', ({ topic }) => topic === name)),
    );
    cluster.produce([
      { topic: 'plain', value: '1' },
      { topic: 'intercepted', value: '1' },
    ]);
    expect((await settled).map(({ disposition }) => disposition)).toEqual(['done', 'done']);
  });
});
