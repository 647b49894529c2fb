import {
  Controller,
  Inject,
  Injectable,
  Scope,
  UseGuards,
  type CanActivate,
  type INestApplicationContext,
} from '@nestjs/common';
import { CONTEXT, Ctx, Payload, type RequestContext } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import { KafkaWorker, type KafkaWorkerContext } from '@kafka-worker/nestjs';
import { boot, clusterWith, WAYS } from './support/app.js';
import { Calls } from './support/calls.js';
import { next, runtimeOf } from './support/events.js';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

let made = 0;
@Injectable({ scope: Scope.REQUEST })
class PerRecord {
  readonly number = ++made;
  constructor(@Inject(CONTEXT) readonly request: RequestContext<string, KafkaWorkerContext>) {}
}

describe.each(WAYS)('request scope, run as %s', (way) => {
  it.each(['controller', 'provider'] as const)('a %s is made anew for every record', async (kind) => {
    made = 0;
    const calls = new Calls<string>();
    @Injectable()
    class Guard implements CanActivate {
      constructor(readonly mine: PerRecord) {}
      canActivate(): boolean {
        return this.mine.number > 0;
      }
    }
    @Controller()
    @Injectable()
    class Host {
      constructor(readonly mine: PerRecord) {}
      @UseGuards(Guard)
      @KafkaWorker({ topics: ['orders', 'payments'], concurrency: 'serial' })
      on(@Payload() value: string, @Ctx() context: KafkaWorkerContext): void {
        const { request, number } = this.mine;
        const isSame = request.getContext() === context && request.getData() === value;
        calls.add(`${number} ${value} ${String(request.getPattern())} ${isSame}`);
      }
    }
    const cluster = clusterWith('orders', 'payments');
    const hosts = kind === 'controller' ? { controllers: [Host] } : { controllers: [] };
    app = await boot(way, {
      cluster,
      ...hosts,
      providers: [PerRecord, ...(kind === 'provider' ? [Host] : [])],
    });
    for (const [topic, value] of [
      ['orders', 'a'],
      ['payments', 'b'],
      ['orders', 'c'],
    ] as const) {
      cluster.produce({ topic, partition: 0, value });
      await calls.reached(calls.all.length + 1);
    }
    expect(calls.all).toEqual(['1 a orders true', '2 b payments true', '3 c orders true']);
  });

  it('the error class survives, whether the host or its making fails', async () => {
    class DomainError extends Error {}
    @Injectable({ scope: Scope.REQUEST })
    class Fails {
      constructor(@Inject(CONTEXT) request: RequestContext<string, KafkaWorkerContext>) {
        if (request.getData() === 'make') throw new DomainError('make');
      }
    }
    @Controller()
    class Host {
      constructor(readonly fails: Fails) {}
      @KafkaWorker({ topic: 'orders', concurrency: 'unordered', retry: { attempts: 1 } })
      on(@Payload() value: string): void {
        throw new DomainError(value);
      }
    }
    const cluster = clusterWith('orders');
    app = await boot(way, { cluster, controllers: [Host], providers: [Fails] });
    const failed = Promise.all(
      [0, 1].map((partition) => next(runtimeOf(app!), 'record.failed', (event) => event.partition === partition)),
    );
    cluster.produce([
      { topic: 'orders', partition: 0, value: 'make' },
      { topic: 'orders', partition: 1, value: 'run' },
    ]);
    const errors = (await failed).map(({ error }) => error);
    expect(errors.every((error) => error instanceof DomainError)).toBe(true);
    expect(errors.map(({ message }) => message)).toEqual(['make', 'run']);
  });
});
