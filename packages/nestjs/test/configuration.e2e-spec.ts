import {
  Controller,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type CanActivate,
  type INestApplicationContext,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import {
  ConfigurationError,
  deadLetter,
  freeze,
  KafkaWorker,
  KafkaWorkerModule,
  retryTopics,
  skip,
  transactional,
} from '@kafka-worker/nestjs';
import { boot, clusterWith, WAYS, type BootOptions, type Way } from './support/app.js';
import { runtimeOf } from './support/events.js';

let app: INestApplicationContext | undefined;
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function failure(way: Way, options: Omit<BootOptions, 'cluster'>, ...topics: string[]): Promise<Error> {
  try {
    app = await boot(way, { ...options, cluster: clusterWith(...topics) });
  } catch (error) {
    return error as Error;
  }
  throw new Error('it booted');
}

function lines(error: Error): string[] {
  expect(error).toBeInstanceOf(ConfigurationError);
  return error.message
    .split('\n')
    .slice(1)
    .map((line) => line.replace('  - ', ''));
}

describe.each(WAYS)('one error with every mistake stops the boot, run as %s', (way) => {
  it('of module, workers and handlers', async () => {
    @Injectable()
    class Guard implements CanActivate {
      canActivate(): boolean {
        return true;
      }
    }
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders', limit: 0, lanes: 3 } as never)
      first(): void {}
      @KafkaWorker({ topic: 'orders', concurrency: 'keys' as never })
      second(): void {}
      @KafkaWorker()
      third(): void {}
      @EventPattern('twice')
      @KafkaWorker({ topic: 'other' })
      fourth(_value: unknown): void {}
      @KafkaWorker({ topic: 'not a topic' })
      fifth(): void {}
      @KafkaWorker({ topic: 'elsewhere', name: 'nowhere' })
      sixth(): void {}
      @KafkaWorker({ topic: 'schema', schema: {} as never, deserializer: {} as never })
      seventh(): void {}
    }
    class NotMade {
      @UseGuards(Guard)
      @KafkaWorker({ topic: 'guarded' })
      on(): void {}
    }
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      @KafkaWorker({ topic: 'transient' })
      on(): void {}
    }
    const error = await failure(way, {
      controllers: [Orders],
      providers: [Transient, { provide: 'NOT_MADE', useFactory: () => new NotMade() }],
      kafka: {
        run: {},
        maxConcurrency: 0,
        consumer: { groupId: 'group', rebalanceTimeout: 5000 },
        rebalance: { timeoutMs: 5000, strategy: 'fast' },
        shutdown: { grace: 3 },
        autoStart: 'yes',
      } as never,
    });
    expect(lines(error).toSorted()).toEqual([
      `KafkaWorkerModule, option "autoStart": 'yes' is not allowed; true or false is`,
      `KafkaWorkerModule, option "maxConcurrency": 0 is not allowed; a whole number of 1 or more is`,
      `KafkaWorkerModule, option "rebalance.strategy": 'fast' is not allowed; 'drain' or 'commit-completed' is`,
      'KafkaWorkerModule, option "rebalance.timeoutMs": 5000 is not allowed; it must be less than consumer.rebalanceTimeout (5000), or the broker moves the partitions while they are still drained',
      'KafkaWorkerModule, option "run": there is no such option; how many records run at once is worker.limit and worker.concurrency, commits are worker.commit',
      'KafkaWorkerModule, option "shutdown.grace": there is no such option; allowed are graceMs, forceMs',
      'NotMade#on: Guard (guards) would not run: Nest makes no enhancers for a provider that is given as { provide, useFactory | useValue }; list NotMade itself among the providers or give an instance: new Guard(...)',
      `Orders#fifth, option "topic": 'not a topic' is not a topic name; letters, digits, '.', '_' and '-' are allowed, 249 at most`,
      'Orders#first, option "lanes": there is no such option; allowed are buffer, commit, concurrency, delivery, deserializer, groupId, idempotency, limit, name, nullKey, onFailure, orderBy, partitionLimit, retry, schema, timeoutMs, topic, topics',
      'Orders#first, option "limit": 0 is not allowed; a whole number of 1 or more is',
      'Orders#fourth, option "topic": the topic is given twice, here and in @EventPattern; leave one out',
      `Orders#second, option "concurrency": 'keys' is not allowed; one of 'serial', 'partition', 'key', 'unordered' is`,
      `Orders#second, option "topic": 'orders' of group 'group' belongs to Orders#first already; give one of them another groupId`,
      'Orders#seventh, option "deserializer": {} is not allowed; an object with deserialize(value, options) is',
      'Orders#seventh, option "schema": is not a Standard Schema; an object with "~standard" is (zod, valibot, arktype, …)',
      `Orders#sixth, option "name": there is no connection 'nowhere'; there is 'default'`,
      'Orders#third, option "topic": is missing; give it here or in @EventPattern',
      'Transient#on: Transient has transient scope: each consumer has an instance of its own and the worker none; use DEFAULT or REQUEST',
    ]);
  });

  it('two workers of one group on one topic; another group is none', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders' })
      first(): void {}
      @KafkaWorker({ topic: 'orders', groupId: 'audit' })
      second(): void {}
      @KafkaWorker({ topic: /^ord/ })
      third(): void {}
    }
    expect(lines(await failure(way, { controllers: [Orders] }, 'orders'))).toEqual([
      `Orders#third, option "topic": /^ord/ of group 'group' belongs to Orders#first already; give one of them another groupId`,
    ]);
  });

  it('a pattern and the dead letters that it matches are two things, so a worker of the group may read these', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({
        topic: /^orders/,
        onFailure: retryTopics([1000], deadLetter({ topic: 'orders.dead' }), { create: true }),
      })
      all(): void {}
      @KafkaWorker({ topics: ['orders.dead', 'orders.group.retry-1'] })
      dead(): void {}
    }
    app = await boot(way, {
      cluster: clusterWith('orders.eu', 'orders.dead', 'orders.group.retry-1'),
      controllers: [Orders],
    });
    const topics = runtimeOf(app)
      .inspect()
      .groups.flatMap(({ workers }) => workers.map((worker) => worker.topics.join()));
    expect(topics.toSorted()).toEqual(['orders.dead,orders.group.retry-1', 'orders.eu,orders.eu.group.retry-1000']);
  });

  it('no group, neither of the module nor of the worker', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders' })
      first(): void {}
      @KafkaWorker({ topic: 'orders', groupId: 'own' })
      second(): void {}
    }
    expect(lines(await failure(way, { controllers: [Orders], kafka: { consumer: {} } }, 'orders'))).toEqual([
      `Orders#first, option "groupId": is missing; give it here or as the module's consumer.groupId`,
    ]);
  });

  it('defaults of the module count where a worker says nothing', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'orders', orderBy: () => 'x' })
      first(): void {}
      @KafkaWorker({ topic: 'serial', concurrency: 'serial' })
      second(): void {}
    }
    app = await boot(way, {
      cluster: clusterWith('orders', 'serial'),
      controllers: [Orders],
      kafka: { worker: { concurrency: 'key', limit: 7, onFailure: freeze('key') } },
    });
  });

  it('names guarantees and policies that contradict each other, and the default of the module that is at work', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'a', onFailure: freeze('key') })
      first(): void {}
      @KafkaWorker({ topic: 'b', commit: 'manual' })
      second(): void {}
      @KafkaWorker({ topic: 'c', delivery: 'exactly-once' as never })
      third(): void {}
      @KafkaWorker({ topic: 'd', idempotency: { store: {}, key: 'id' } as never, delivery: 'at-least-once' })
      fourth(): void {}
      @KafkaWorker({ topic: 'e', delivery: transactional(), commit: 'none' })
      fifth(): void {}
      @KafkaWorker({ topic: 'f', delivery: 'at-least-once', commit: { intervalMs: Infinity, records: Infinity } })
      sixth(): void {}
    }
    const kafka = { worker: { delivery: 'at-most-once' } } as const;
    expect(lines(await failure(way, { controllers: [Orders], kafka })).toSorted()).toEqual([
      `Orders#fifth, option "commit": 'none' is not allowed with delivery transactional(), which decides by itself what is committed; { intervalMs, records } or 'each' is`,
      `Orders#first, option "onFailure": a freeze has no meaning with delivery 'at-most-once': the record is committed, and a restart would pass it; skip(), deadLetter(…) or retryTopics(…) is allowed (worker.delivery of the module is at work here)`,
      `Orders#fourth, option "idempotency.key": 'id' is not a function of the record`,
      'Orders#fourth, option "idempotency.store": {} is not an IdempotencyStore',
      `Orders#second, option "commit": has no meaning with delivery 'at-most-once', which commits each record before its handler; leave it out (worker.delivery of the module is at work here)`,
      `Orders#sixth, option "commit": both are Infinity, so that nothing would be committed; say 'none' where that is meant`,
      `Orders#third, option "delivery": 'exactly-once' is not allowed; 'at-least-once', 'at-most-once', exactlyOnce(store) or transactional() is`,
    ]);
  });

  it("a freeze that is the module's default does not give way to a worker's at-most-once in silence, a cadence does", async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'a', delivery: 'at-most-once' })
      first(): void {}
      @KafkaWorker({ topic: 'b', delivery: 'at-most-once', onFailure: skip() })
      second(): void {}
    }
    const kafka = { worker: { onFailure: freeze('key'), commit: { intervalMs: 50 } } };
    expect(lines(await failure(way, { controllers: [Orders], kafka }))).toEqual([
      `Orders#first, option "onFailure": a freeze has no meaning with delivery 'at-most-once': the record is committed, and a restart would pass it; skip(), deadLetter(…) or retryTopics(…) is allowed (worker.onFailure of the module is at work here)`,
    ]);
  });

  it('defaults that contradict each other are named once, for the module', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'a' })
      first(): void {}
      @KafkaWorker({ topic: 'b' })
      second(): void {}
    }
    const kafka = { worker: { delivery: 'at-most-once', onFailure: freeze() } } as const;
    expect(lines(await failure(way, { controllers: [Orders], kafka }))).toEqual([
      expect.stringContaining(`KafkaWorkerModule, option "worker.onFailure": a freeze has no meaning`),
    ]);
  });

  it('policies that are none, and topics that failed records cannot be sent to', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topic: 'a', onFailure: deadLetter({ topic: 'no topic' }) })
      first(): void {}
      @KafkaWorker({ topics: ['b', 'b.dead'], onFailure: retryTopics([1000], deadLetter({ topic: 'b.dead' })) })
      second(): void {}
      @KafkaWorker({ topic: 'c', groupId: 'shop:orders', onFailure: retryTopics([1000], skip()) })
      third(): void {}
      @KafkaWorker({ topic: 'd', onFailure: deadLetter({ topic: 'd', budget: { share: 2 } }) })
      fourth(): void {}
      @KafkaWorker({ topic: 'e', onFailure: retryTopics([], freeze()) })
      fifth(): void {}
    }
    expect(lines(await failure(way, { controllers: [Orders] })).toSorted()).toEqual([
      `Orders#fifth, option "onFailure": retryTopics needs at least one delay in milliseconds`,
      `Orders#first, option "onFailure": deadLetter: 'no topic' is not a topic name; letters, digits, '.', '_' and '-' are allowed, 249 at most`,
      `Orders#fourth, option "onFailure": budget.share 2 is not allowed; above 0 and up to 1 is`,
      `Orders#second, option "onFailure": deadLetter: the worker reads 'b.dead' itself and would get its dead letters again`,
      `Orders#third, option "onFailure": retryTopics: 'c.shop:orders.retry-1000' is not a topic name; letters, digits, '.', '_' and '-' are allowed, 249 at most; it is made of the topic, the group and the delay`,
    ]);
  });

  it('how partitions are shared out', async () => {
    const of = async (consumer: object): Promise<string[]> =>
      lines(await failure(way, { kafka: { consumer: { groupId: 'shop', ...consumer } } as never }));
    const names = `'range', 'round-robin', 'sticky', 'cooperative'`;
    expect(await of({ assignment: 'roundrobin' })).toEqual([
      `KafkaWorkerModule, option "consumer.assignment": 'roundrobin' is not allowed; one of ${names}, or a list of them with at least one, is`,
    ]);
    expect(await of({ assignment: [] })).toEqual([
      `KafkaWorkerModule, option "consumer.assignment": [] is not allowed; one of ${names}, or a list of them with at least one, is`,
    ]);
    expect(await of({ assignment: ['sticky', 'sticky'], partitionAssigners: [] })).toEqual([
      'KafkaWorkerModule, option "consumer.assignment": names a strategy twice; the order is that of preference',
      'KafkaWorkerModule, option "consumer.assignment": stands beside "partitionAssigners"; both say how partitions are shared out, leave one out',
    ]);
    app = await boot(way, {
      cluster: clusterWith(),
      kafka: { consumer: { groupId: 'shop', assignment: ['cooperative', 'range'] } },
    });
  });

  it('where a group starts', async () => {
    const of = async (subscribe: object): Promise<string[]> =>
      lines(await failure(way, { kafka: { subscribe } as never }));
    expect(await of({ startFrom: 'earliest', maxRewind: -1 })).toEqual([
      `KafkaWorkerModule, option "subscribe.startFrom": 'earliest' is not allowed; one of 'beginning', 'latest', 'none' is`,
      'KafkaWorkerModule, option "subscribe.maxRewind": -1 is not allowed; a whole number of 0 or more, or Infinity, is',
    ]);
    expect(await of({ startFrom: 'beginning', fromBeginning: true, maxRewind: NaN })).toEqual([
      'KafkaWorkerModule, option "subscribe.fromBeginning": stands beside "startFrom"; both say where a group starts, leave one out',
      'KafkaWorkerModule, option "subscribe.maxRewind": NaN is not allowed; a whole number of 0 or more, or Infinity, is',
    ]);
    app = await boot(way, {
      cluster: clusterWith(),
      kafka: { subscribe: { startFrom: 'latest', maxRewind: Infinity } },
    });
  });

  it('a topic that is missing, and a pattern that matches none', async () => {
    @Controller()
    class Orders {
      @KafkaWorker({ topics: ['missing', 'there'] })
      first(): void {}
      @KafkaWorker({ topic: /^nothing/, groupId: 'other' })
      second(): void {}
    }
    const error = await failure(way, { controllers: [Orders] }, 'there');
    expect(error.message).toMatch(/missing/);
  });
});

describe('connections', () => {
  it('twice without a name', async () => {
    const again = KafkaWorkerModule.forRoot({ driver: clusterWith().driver(), consumer: { groupId: 'b' } });
    expect(lines(await failure('module', { imports: [again] }))).toEqual([
      'KafkaWorkerModule, option "name": there are two connections without a name; give each its own',
    ]);
  });

  it('without brokers or a driver; options of a factory that are none', async () => {
    @Module({
      imports: [
        KafkaWorkerModule.forRoot({} as never),
        KafkaWorkerModule.forRootAsync({
          name: 'b',
          useFactory: () => ({ name: 'b', client: { broker: '' } }) as never,
        }),
        KafkaWorkerModule.forRootAsync({ name: 'c', useFactory: () => undefined as never }),
      ],
    })
    class AppModule {}
    const made = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    const error = await made.init().catch((thrown: unknown) => thrown as Error);
    await made.close();
    expect(lines(error as Error)).toEqual([
      'KafkaWorkerModule, option "client.brokers": undefined is not allowed; a list of host:port with at least one is',
      'KafkaWorkerModule "b", option "name": there is no such option; it stands beside useFactory: forRootAsync({ name, useFactory })',
      'KafkaWorkerModule "b", option "client.broker": there is no such option; allowed are brokers, clientId, ssl, sasl, connectionTimeout, authenticationTimeout, reauthenticationThreshold, requestTimeout, enforceRequestTimeout, retry, socketFactory, logLevel, logCreator',
      'KafkaWorkerModule "b", option "client.brokers": undefined is not allowed; a list of host:port with at least one is',
      'KafkaWorkerModule "c": undefined is not allowed; an object with options is',
    ]);
  });

  it('a bare pattern that is no topic, under the strategy', async () => {
    @Controller()
    class Bare {
      @MessagePattern({ cmd: 'sum' })
      on(_value: unknown): void {}
    }
    expect(lines(await failure('microservice', { controllers: [Bare] }))).toEqual([
      'Bare#on, option "topic": the pattern {"cmd":"sum"} is not a topic; a name or a RegExp is',
    ]);
  });
});
