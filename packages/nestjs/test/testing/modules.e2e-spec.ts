import { describe, expect, it, jest } from '@jest/globals';
import { Controller, forwardRef, Global, Injectable, Module, type DynamicModule } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { KafkaDriver } from '@kafka-worker/engine';
import {
  InjectKafkaProducer,
  InjectKafkaWorker,
  KafkaWorker,
  KafkaWorkerModule,
  KafkaWorkerProducer,
  KafkaWorkerRuntime,
  getKafkaWorkerToken,
} from '@kafka-worker/nestjs';
import { tested } from '../support/tester.js';

/** Nobody can be connected to under this name. */
const client = { brokers: ['no-such-host.invalid:9092'] };

@Injectable()
class Stock {
  readonly reserved: string[] = [];

  reserve(id: string): void {
    this.reserved.push(id);
  }
}

@Controller()
class OrdersWorker {
  constructor(private readonly stock: Stock) {}

  @KafkaWorker({ topic: 'orders' })
  onOrder(@Payload() { id }: { id: string }): void {
    this.stock.reserve(id);
  }
}

@Module({ controllers: [OrdersWorker], providers: [Stock] })
class OrdersModule {}

@Module({
  imports: [KafkaWorkerModule.forRoot({ client, consumer: { groupId: 'order-service' } }), OrdersModule],
})
class AppModule {}

describe('a whole application', () => {
  it('runs as it is, and connects to no broker', async () => {
    const { moduleRef, kafka } = await tested({ imports: [AppModule] });
    const result = await kafka.deliver('orders', { id: 'o-1' });
    expect(result.outcomes[0].groupId).toBe('order-service');
    expect(moduleRef.get(Stock).reserved).toEqual(['o-1']);
    expect(moduleRef.get(KafkaWorkerRuntime).inspect().driver).toBe('in-memory');
  });

  it('with overrides of Nest’s builder', async () => {
    const reserve = jest.fn();
    const { kafka } = await tested({ imports: [AppModule] }, {}, (builder) =>
      builder.overrideProvider(Stock).useValue({ reserve }),
    );
    await kafka.deliver('orders', { id: 'o-1' });
    expect(reserve).toHaveBeenCalledWith('o-1');
  });

  it('with options from a factory, and a driver that is never made', async () => {
    const driver = jest.fn<() => KafkaDriver>();
    @Global()
    @Module({ providers: [{ provide: 'GROUP', useValue: 'from-config' }], exports: ['GROUP'] })
    class ConfigModule {}
    const { kafka } = await tested({
      imports: [
        ConfigModule,
        KafkaWorkerModule.forRootAsync({
          inject: ['GROUP'],
          useFactory: (groupId: string) => ({ driver, consumer: { groupId } }),
        }),
        OrdersModule,
      ],
    });
    const result = await kafka.deliver('orders', { id: 'o-1' });
    expect(result.in('from-config').disposition).toBe('done');
    expect(driver).not.toHaveBeenCalled();
  });

  it('without brokers, as where the environment of a test has none', async () => {
    const { kafka } = await tested({
      imports: [KafkaWorkerModule.forRoot({ client: { brokers: [] }, consumer: { groupId: 'g' } }), OrdersModule],
    });
    expect(await kafka.deliver('orders', { id: 'o-1' })).toMatchObject({ disposition: 'done' });
  });

  it('whose mistakes stop the boot as ever', async () => {
    const brought = tested({
      imports: [KafkaWorkerModule.forRoot({ client, maxConcurrency: 0 }), OrdersModule],
    });
    await expect(brought).rejects.toThrow(/maxConcurrency[^]*groupId/);
  });

  it('in which the connection is found behind promises, references and dynamic modules', async () => {
    @Module({})
    class KafkaModule {
      static register(): DynamicModule {
        return {
          module: KafkaModule,
          imports: [KafkaWorkerModule.forRoot({ client, consumer: { groupId: 'deep' } })],
        };
      }
    }
    @Module({ imports: [forwardRef(() => Promised), OrdersModule] })
    class Outer {}
    @Module({ imports: [Promise.resolve(KafkaModule.register()), forwardRef(() => Outer)] })
    class Promised {}
    const { kafka } = await tested({ imports: [Outer] });
    expect((await kafka.deliver('orders', { id: 'o-1' })).in('deep').disposition).toBe('done');
  });

  it('as a hybrid application and as a microservice’s strategy', async () => {
    const { KafkaWorkerServer } = await import('@kafka-worker/nestjs');
    const { KafkaWorkerTester, KafkaWorkerTestingModule } = await import('@kafka-worker/nestjs/testing');
    const moduleRef = await KafkaWorkerTestingModule.createTestingModule({ imports: [AppModule] }).compile();
    const app = moduleRef.createNestApplication({ logger: false });
    app.connectMicroservice({ strategy: app.get(KafkaWorkerServer) }, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.init();
    const kafka = app.get(KafkaWorkerTester);
    expect(await kafka.deliver('orders', { id: 'o-1' })).toMatchObject({ disposition: 'done' });
    expect(app.get(KafkaWorkerRuntime).workers[0]?.via).toBe('strategy');
    await app.close();
  });
});

describe('a worker alone', () => {
  it('as a controller with a mock', async () => {
    const reserve = jest.fn();
    const { kafka } = await tested({
      controllers: [OrdersWorker],
      providers: [{ provide: Stock, useValue: { reserve } }],
    });
    expect(await kafka.deliver('orders', { id: 'o-1' })).toMatchObject({ disposition: 'done' });
    expect(reserve).toHaveBeenCalledWith('o-1');
  });

  it('as a provider that sends, pauses, and is mocked by Nest', async () => {
    @Injectable()
    class Mailer {
      constructor(
        private readonly stock: Stock,
        @InjectKafkaProducer() private readonly producer: KafkaWorkerProducer,
        readonly runtime: KafkaWorkerRuntime,
      ) {}

      @KafkaWorker({ topic: 'mails' })
      async onMail(): Promise<void> {
        this.stock.reserve('mail');
        await this.producer.send({ topic: 'sent', value: { ok: true } });
      }
    }
    const reserve = jest.fn();
    const { kafka } = await tested({ providers: [Mailer] }, {}, (builder) =>
      builder.useMocker((token) => (token === Stock ? { reserve } : undefined)),
    );
    const { produced } = await kafka.deliver('mails', 'hello');
    expect(produced.map(({ payload }) => payload)).toEqual([{ ok: true }]);
    expect(reserve).toHaveBeenCalledTimes(1);
  });

  it('with options of the connection that is brought', async () => {
    const { kafka } = await tested(
      { imports: [OrdersModule] },
      { kafka: { consumer: { groupId: 'mine' }, postfixId: '-x' } },
    );
    expect((await kafka.deliver('orders', { id: 'o-1' })).outcomes[0].groupId).toBe('mine-x');
  });

  it('with every named connection it asks for', async () => {
    @Injectable()
    class Auditor {
      @InjectKafkaWorker('ops') readonly ops!: KafkaWorkerRuntime;

      constructor(@InjectKafkaProducer('log') private readonly log: KafkaWorkerProducer) {}

      @KafkaWorker({ name: 'audit', topic: 'events' })
      async onEvent(@Payload() event: unknown): Promise<void> {
        await this.log.send({ topic: 'log', value: event });
      }
    }
    const { moduleRef, kafka } = await tested({ providers: [Auditor] });
    const { produced } = await kafka.deliver('events', { id: 1 });
    expect(produced).toMatchObject([{ connection: 'log', topic: 'log', payload: { id: 1 } }]);
    expect(moduleRef.get(Auditor).ops).toBe(moduleRef.get(getKafkaWorkerToken('ops')));
  });
});

describe('named connections', () => {
  const calls: string[] = [];

  @Controller()
  class Workers {
    @KafkaWorker({ topic: 'orders' })
    onOrder(): void {
      calls.push('default');
    }

    @KafkaWorker({ name: 'audit', topic: ['orders', 'events'] })
    onAudit(): void {
      calls.push('audit');
    }
  }
  const imports = [
    KafkaWorkerModule.forRoot({ client, consumer: { groupId: 'app' } }),
    KafkaWorkerModule.forRoot({ name: 'audit', client, consumer: { groupId: 'app' } }),
  ];

  it('have a cluster each, with topics and groups of their own', async () => {
    calls.length = 0;
    const { kafka } = await tested({ imports, controllers: [Workers] });
    await kafka.deliver('orders', {}, { connection: 'audit' });
    expect(calls).toEqual(['audit']);
    await kafka.deliver('events', {});
    expect(calls).toEqual(['audit', 'audit']);
    expect(kafka.cluster.records('orders')).toEqual([]);
    expect(kafka.clusterOf('audit').records('orders')).toHaveLength(1);
    expect(() => kafka.clusterOf('other')).toThrow("there is no connection 'other', only 'default', 'audit'");
    await expect(kafka.deliver('orders', {}, { connection: 'other' })).rejects.toThrow(
      "there is no connection 'other'",
    );
    await expect(kafka.deliver('orders', {})).rejects.toThrow(
      "workers of the connections 'default', 'audit' read 'orders'",
    );
    await kafka.commit();
    expect(kafka.committed('orders', 0, undefined, 'audit')).toBe(1);
    expect(kafka.committed('orders', 0, 'app', 'default')).toBeUndefined();
    expect(() => kafka.committed('orders')).toThrow('`connection` says which is meant');
  });

  it('share one where they are told to', async () => {
    calls.length = 0;
    const { kafka } = await tested(
      {
        imports: [
          KafkaWorkerModule.forRoot({ client, consumer: { groupId: 'app' } }),
          KafkaWorkerModule.forRoot({ name: 'audit', client, consumer: { groupId: 'auditors' } }),
        ],
        controllers: [Workers],
      },
      { sharedCluster: true },
    );
    const result = await kafka.deliver('orders', {});
    expect(calls.toSorted()).toEqual(['audit', 'default']);
    expect(result.outcomes.map(({ groupId }) => groupId)).toEqual(['app', 'auditors']);
    expect(kafka.clusterOf('audit')).toBe(kafka.cluster);
  });
});

it('modules beside each other know nothing of each other', async () => {
  const [one, two] = await Promise.all([
    tested({ imports: [AppModule] }, { now: 0 }),
    tested({ imports: [AppModule] }, { now: 1_000_000 }),
  ]);
  await Promise.all([one.kafka.deliver('orders', { id: 'one' }), two.kafka.deliver('orders', { id: 'two' })]);
  await one.kafka.advance(5000);
  expect(one.moduleRef.get(Stock).reserved).toEqual(['one']);
  expect(two.moduleRef.get(Stock).reserved).toEqual(['two']);
  expect([one.kafka.clock.now(), two.kafka.clock.now()]).toEqual([5000, 1_000_000]);
  expect(two.kafka.committed('orders')).toBeUndefined();
  expect(one.kafka.committed('orders')).toBe(1);
});
