import {
  Controller,
  createParamDecorator,
  Inject,
  Module,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type INestApplicationContext,
  type PipeTransform,
} from '@nestjs/common';
import { ModuleRef, ModulesContainer, NestFactory, REQUEST } from '@nestjs/core';
import { Ctx, EventPattern, Payload, RpcException } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Delivery } from '@kafka-worker/engine';
import { KafkaWorker, KafkaWorkerContext, KafkaWorkerServer } from '@kafka-worker/nestjs';
import type { ContextSource } from '../src/context/kafka-worker.context.js';
import type { InMemoryCluster } from '@kafka-worker/testing';
import { concat, isObservable, lastValueFrom, of, throwError, toArray, type Observable } from 'rxjs';
import type { RecordHandler } from '../src/handlers/handler.interface.js';
import { HandlerExplorer } from '../src/handlers/handler-explorer.js';
import { RpcHandlerFactory } from '../src/handlers/rpc-handler.factory.js';
import { appModule, boot, clusterWith, WAYS } from './support/app.js';
import { next, runtimeOf } from './support/events.js';

/** `@EventPattern` wants every parameter behind the first to be `unknown`. */
const On = (topic: string): MethodDecorator => EventPattern(topic) as MethodDecorator;

/** What was called and with what, in order. */
let calls: unknown[][] = [];

class Guard implements CanActivate {
  canActivate(context: ExecutionContext): boolean | Promise<boolean> | Observable<boolean> {
    const { kind } = context.switchToRpc().getData<{ kind?: string }>();
    calls.push(['guard', context.getType(), context.getClass().name, context.getHandler().name]);
    if (kind === 'late no') return Promise.resolve(false);
    if (kind === 'observed no') return of(false);
    return kind !== 'no';
  }
}

class Pipe implements PipeTransform {
  constructor(readonly name: string) {}
  transform(value: unknown, { metatype, type, data }: ArgumentMetadata): unknown {
    calls.push(['pipe', this.name, value, metatype?.name, type, data]);
    if ((value as { kind?: string } | undefined)?.kind === 'unfit') throw new RpcException(`unfit for ${this.name}`);
    return this.name === 'late' ? Promise.resolve(value) : value;
  }
}

class Filter {
  catch(error: Error, host: ArgumentsHost): Observable<string> {
    calls.push(['filter', error.message, host.getType(), ...host.getArgs<unknown[]>()]);
    return error.message.includes('again') ? throwError(() => new Error('thrown again')) : of('from the filter');
  }
}

const Given = createParamDecorator((data: string, host: ExecutionContext): unknown => {
  calls.push(['decorator', data, ...host.getArgs<unknown[]>()]);
  if (data === 'breaks') throw new Error('the decorator breaks');
  return data === 'late' ? Promise.resolve('it came') : data;
});

class Order {
  readonly kind?: string;
}

function heard(...given: unknown[]): string {
  calls.push(['handler', ...given]);
  return 'done';
}

/** Anew for each test: enhancers are metadata of the methods. */
function handlers() {
  @Controller()
  class Handlers {
    @On('bare')
    bare(...given: unknown[]): string {
      return heard(...given);
    }
    @On('both')
    async both(@Payload() payload: Order, @Ctx() context: unknown): Promise<string> {
      await Promise.resolve();
      return heard(payload, context);
    }
    @On('turned')
    turned(@Ctx() context: unknown, @Payload('kind') kind: string): string {
      return heard(context, kind);
    }
    @On('third')
    third(_first: unknown, _second: unknown, @Payload() payload: Order): string {
      return heard(arguments.length, _first, payload);
    }
    @On('custom')
    custom(@Given('early') early: string, @Given('late') late: string, @Payload() payload: Order): string {
      return heard(early, late, payload);
    }
    @On('broken decorator')
    brokenDecorator(@Given('breaks') never: string): string {
      return heard(never);
    }
    @On('own pipes')
    ownPipes(@Payload(new Pipe('a'), new Pipe('late')) payload: Order, @Ctx() context: unknown): string {
      return heard(payload, context);
    }
    @On('guarded')
    @UseGuards(new Guard())
    guarded(@Payload() payload: Order): string {
      return heard(payload);
    }
    @On('all')
    @UseGuards(new Guard())
    @UsePipes(new Pipe('of the method'))
    @UseFilters(new Filter())
    all(@Payload(new Pipe('own')) payload: Order): Observable<string> {
      heard(payload);
      return of('one', 'two');
    }
    @On('throws')
    throws(): never {
      throw new Error('thrown');
    }
    @On('rejects')
    rejects(): Promise<never> {
      return Promise.reject(new RpcException({ status: 'no' }));
    }
    @On('filtered')
    @UseFilters(new Filter())
    filtered(@Payload() { kind }: Order): Promise<never> {
      return Promise.reject(new Error(`for the filter ${kind}`));
    }
    @On('breaks midway')
    @UseFilters(new Filter())
    breaksMidway(): Observable<string> {
      return concat(
        of('one'),
        throwError(() => new Error('midway')),
      );
    }
    @On('late observable')
    lateObservable(): Promise<Observable<string>> {
      return Promise.resolve(
        concat(
          of('one'),
          throwError(() => new Error('midway again')),
        ),
      );
    }
    @On('query')
    query(): PromiseLike<string> {
      // what query builders give: no promise, and asked by whoever waits for it
      return { then: (done) => Promise.resolve('rows').then(done) };
    }
    @On('nothing')
    nothing(): void {
      calls.push(['handler']);
    }
  }
  return Handlers;
}

/** The same with enhancers of the class. */
function classHandlers() {
  const Handlers = handlers();
  UseGuards(new Guard())(Handlers);
  UsePipes(new Pipe('of the class'))(Handlers);
  UseFilters(new Filter())(Handlers);
  return Handlers;
}

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
  calls = [];
});

interface Built {
  readonly nests: RecordHandler;
  readonly short: RecordHandler | undefined;
}

/** Both handlers of each method that Nest would make for a controller. `bound`: with what the module puts on the methods. */
function buildBoth(context: INestApplicationContext, bound = false): Map<string, Built> {
  const factory = new RpcHandlerFactory(context.get(ModuleRef));
  const explorer = new HandlerExplorer(context.get(ModulesContainer));
  if (bound) explorer.prepareControllers();
  return new Map(
    explorer.explore().map((handler) => {
      const built = { nests: factory.createFull(handler, handler.methodName), short: factory.createShort(handler) };
      return [handler.methodName, built];
    }),
  );
}

/** What comes of a call, whatever it is, and what was called on the way. */
async function outcome(handler: RecordHandler, payload: unknown, context: unknown): Promise<unknown> {
  calls = [];
  try {
    const value: unknown = await handler(payload, context);
    if (!isObservable(value)) return { value, calls };
    const values = await lastValueFrom(value.pipe(toArray()));
    return { values, calls };
  } catch (error) {
    return { error, calls };
  }
}

async function contextOf(controller: new () => object, globals?: (app: INestApplication) => void) {
  @Module({ controllers: [controller] })
  class AppModule {}
  const made = await NestFactory.create(AppModule, { logger: false });
  globals?.(made);
  return (app = made);
}

const METHODS = Object.getOwnPropertyNames(handlers().prototype).filter((name) => name !== 'constructor');
const PAYLOADS = [
  undefined,
  'text',
  {},
  ...['fine', 'no', 'late no', 'observed no', 'unfit', 'again'].map((kind) => ({ kind })),
];

describe.each([
  { where: 'with what stands on the methods', make: handlers, global: false, bound: false },
  { where: 'with enhancers of the class', make: classHandlers, global: false, bound: false },
  { where: 'with enhancers of the application', make: handlers, global: true, bound: false },
  { where: 'where errors go to the engine', make: handlers, global: false, bound: true },
  {
    where: 'where errors go to the engine, with enhancers of the class',
    make: classHandlers,
    global: false,
    bound: true,
  },
  { where: 'where errors go to the engine, with enhancers of all', make: handlers, global: true, bound: true },
])('the short pipeline $where', ({ make, global, bound }) => {
  it.each(METHODS)('does for %s what Nest does', async (methodName) => {
    const context = await contextOf(make(), (made) => {
      if (global) made.useGlobalGuards(new Guard()).useGlobalPipes(new Pipe('global')).useGlobalFilters(new Filter());
    });
    const { nests, short } = buildBoth(context, bound).get(methodName) as Built;
    const globals = new RpcHandlerFactory(context.get(ModuleRef)).globalFilters();
    const source = { globalFilters: () => globals } as unknown as ContextSource;
    if (short === undefined) throw new Error('there is none');
    for (const payload of PAYLOADS) {
      const given = new KafkaWorkerContext({ attempt: 1 } as Delivery, payload, source);
      const expected = await outcome(nests, payload, given);
      expect(await outcome(short, payload, given)).toEqual(expected);
      expect(expected).toMatchObject({ calls: expect.any(Array) as unknown });
    }
  });
});

describe('the short pipeline', () => {
  it('calls the handler before it gives its promise, where nothing stands before it', async () => {
    const { nests, short } = buildBoth(await contextOf(handlers())).get('both') as Built;
    void nests({}, {});
    expect(calls).toEqual([]);
    void short?.({}, {});
    await Promise.resolve();
    expect(calls).toHaveLength(1);
  });

  it('is none where interceptors stand on the method, the class or the application', async () => {
    const interceptor = { intercept: (_: ExecutionContext, next: CallHandler) => next.handle() };
    class OnMethod {
      @On('x')
      @UseInterceptors(interceptor)
      on(): void {}
      @On('y')
      without(): void {}
    }
    Controller()(OnMethod);
    class OnClass {
      @On('x')
      on(): void {}
    }
    UseInterceptors(interceptor)(OnClass);
    Controller()(OnClass);
    const onMethod = buildBoth(await contextOf(OnMethod));
    expect([onMethod.get('on')?.short, typeof onMethod.get('without')?.short]).toEqual([undefined, 'function']);
    await app?.close();
    expect(buildBoth(await contextOf(OnClass)).get('on')?.short).toBeUndefined();
    await app?.close();
    const context = await contextOf(handlers(), (made) => made.useGlobalInterceptors(interceptor));
    expect(buildBoth(context).get('bare')?.short).toBeUndefined();
  });

  it('is none for hosts in request scope', async () => {
    class Scoped {
      @On('x')
      on(): void {}
    }
    Inject(REQUEST)(Scoped, undefined as never, 0);
    Controller({ scope: Scope.REQUEST })(Scoped);
    expect(buildBoth(await contextOf(Scoped as never)).get('on')?.short).toBeUndefined();
  });
});

describe('what a strategy calls', () => {
  function worker(seen: string[]) {
    class Orders {
      @KafkaWorker({ topic: 'orders' })
      on(@Payload() payload: unknown): void {
        seen.push(String(payload));
      }
    }
    Controller()(Orders);
    return Orders;
  }
  const isNests = (context: INestApplicationContext): boolean => {
    const server = context.get(KafkaWorkerServer);
    return server.registrations[0]?.callback === server.getHandlers().get('orders');
  };
  /** Sends one record and waits until it is settled. */
  const settle = async (context: INestApplicationContext, cluster: InMemoryCluster): Promise<void> => {
    const settled = next(runtimeOf(context), 'record.settled');
    cluster.produce({ topic: 'orders', value: 'good' });
    await settled;
  };

  it.each(WAYS.filter((way) => way !== 'module'))('is the short one, run as %s', async (way) => {
    const seen: string[] = [];
    const cluster = clusterWith('orders');
    app = await boot(way, { cluster, controllers: [worker(seen)] });
    await settle(app, cluster);
    expect([isNests(app), seen]).toEqual([false, ['good']]);
  });

  it('is what Nest gives where the microservice has enhancers of its own, which nobody can know', async () => {
    const seen: string[] = [];
    const cluster = clusterWith('orders');
    const type = appModule({ cluster, controllers: [worker(seen)] });
    const made = await NestFactory.create(type, { logger: false });
    app = made;
    const strategy = app.get(KafkaWorkerServer);
    const microservice = made.connectMicroservice({ strategy }, { deferInitialization: true });
    microservice.useGlobalPipes({ transform: (value) => `${String(value)} by its pipe` });
    await made.startAllMicroservices();
    await made.init();
    await settle(app, cluster);
    expect([isNests(app), seen]).toEqual([true, ['good by its pipe']]);
  });

  it('has the enhancers that there were when Nest built it, and no later ones', async () => {
    const seen: string[] = [];
    const cluster = clusterWith('orders');
    const made = await NestFactory.create(appModule({ cluster, controllers: [worker(seen)] }), { logger: false });
    app = made;
    made.useGlobalPipes({ transform: (value) => `${String(value)} early` });
    made.connectMicroservice({ strategy: app.get(KafkaWorkerServer) }, { inheritAppConfig: true });
    made.useGlobalPipes({ transform: (value) => `${String(value)} late` });
    await made.startAllMicroservices();
    await made.init();
    await settle(app, cluster);
    expect([isNests(app), seen]).toEqual([false, ['good early']]);
  });

  it('asks global filters that came after Nest built it, as the rethrow filter always did', async () => {
    class Failing {
      @KafkaWorker({ topic: 'orders', retry: { attempts: 1 } })
      on(@Payload() payload: unknown): void {
        throw new Error(String(payload));
      }
    }
    Controller()(Failing);
    const cluster = clusterWith('orders');
    const made = await NestFactory.create(appModule({ cluster, controllers: [Failing] }), { logger: false });
    app = made;
    made.connectMicroservice({ strategy: app.get(KafkaWorkerServer) }, { inheritAppConfig: true });
    made.useGlobalFilters(new Filter());
    await made.startAllMicroservices();
    await made.init();
    await settle(app, cluster);
    expect(calls.map(([what, message]) => `${String(what)} ${String(message)}`)).toEqual(['filter good']);
  });

  it('is what Nest gives where two modules have the controller', async () => {
    const Orders = worker([]);
    const cluster = clusterWith('orders');
    class Other {}
    Module({ controllers: [Orders] })(Other);
    const made = await NestFactory.create(appModule({ cluster, controllers: [Orders], imports: [Other] }), {
      logger: false,
    });
    app = made;
    made.connectMicroservice({ strategy: app.get(KafkaWorkerServer) }, { inheritAppConfig: true });
    expect(isNests(app)).toBe(true);
  });
});
