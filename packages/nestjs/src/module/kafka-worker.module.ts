import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import {
  DEFAULT_CONNECTION,
  getKafkaProducerToken,
  getKafkaWorkerConnectionToken,
  getKafkaWorkerServerToken,
  getKafkaWorkerToken,
} from '../constants.js';
import type { KafkaWorkerModuleOptions } from '../interfaces/module-options.interface.js';
import { KafkaWorkerProducer } from '../producer/kafka-worker.producer.js';
import { KafkaWorkerHost } from '../runtime/kafka-worker.host.js';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { KafkaWorkerRuntime } from '../runtime/kafka-worker.runtime.js';
import { KafkaWorkerServer } from '../server/kafka-worker.server.js';
import { KafkaWorkerCoreModule } from './kafka-worker-core.module.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  OPTIONS_TYPE,
} from './kafka-worker.module-definition.js';

const CLOSER = 'KAFKA_WORKER_CLOSER';

/**
 * One connection to a cluster. Import it once, or once per `name`:
 * `KafkaWorkerModule.forRoot({ client: { brokers: ['localhost:9092'] }, consumer: { groupId: 'orders' } })`.
 */
@Module({})
export class KafkaWorkerModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  readonly #connection: KafkaWorkerConnection;

  constructor(@Inject(CLOSER) connection: KafkaWorkerConnection) {
    super();
    this.#connection = connection;
  }

  /** A connection whose options are known now. Mistakes in them stop the boot, all together. */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return withConnection(super.forRoot(options), options.name);
  }

  /** A connection whose options are made by a factory or class. `name` and `isGlobal` stand beside it. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withConnection(super.forRootAsync(options), options.name);
  }

  /** After the drain and, being global, after the other modules: handlers and shutdown hooks may still send. */
  async onApplicationShutdown(): Promise<void> {
    await this.#connection.drain();
    await this.#connection.producer.close();
  }
}

function withConnection(definition: DynamicModule, name: string = DEFAULT_CONNECTION): DynamicModule {
  const token = getKafkaWorkerConnectionToken(name);
  const part = (provide: string, pick: (connection: KafkaWorkerConnection) => unknown): Provider => ({
    provide,
    useFactory: pick,
    inject: [token],
  });
  const providers: Provider[] = [
    {
      provide: token,
      useFactory: (host: KafkaWorkerHost, options: KafkaWorkerModuleOptions) => host.connect(name, options),
      inject: [KafkaWorkerHost, MODULE_OPTIONS_TOKEN],
    },
    { provide: CLOSER, useExisting: token },
    part(getKafkaWorkerServerToken(name), (connection) => connection.server),
    part(getKafkaWorkerToken(name), (connection) => connection.runtime),
    part(getKafkaProducerToken(name), (connection) => connection.producer),
  ];
  const exported = [getKafkaWorkerServerToken(name), getKafkaWorkerToken(name), getKafkaProducerToken(name)];
  const classes =
    name === DEFAULT_CONNECTION
      ? [
          { provide: KafkaWorkerServer, useExisting: getKafkaWorkerServerToken() },
          { provide: KafkaWorkerRuntime, useExisting: getKafkaWorkerToken() },
          { provide: KafkaWorkerProducer, useExisting: getKafkaProducerToken() },
        ]
      : [];
  return {
    ...definition,
    imports: [...(definition.imports ?? []), KafkaWorkerCoreModule],
    providers: [...(definition.providers ?? []), ...providers, ...classes],
    exports: [...(definition.exports ?? []), ...exported, ...classes.map(({ provide }) => provide)],
  };
}
