import {
  type DynamicModule,
  type INestApplication,
  Inject,
  Module,
  type OnApplicationShutdown,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import { getRecordLogFields } from '@kafka-worker/nestjs/logging';
import { Logger, LoggerModule } from 'nestjs-pino';
import pino from 'pino';
import { now } from './clock.js';
import { DatabaseConfig } from './database/database-config.js';
import { JournalInterceptor } from './journal.interceptor.js';
import { type MemberEvent, plainEvent } from './journal-events.js';
import { KafkaConfig } from './kafka-config.js';

/** What the app logs, on stderr. */
export type LogLevel = 'info' | 'warn' | 'silent';

/** What an app is booted with. */
export interface BootOptions {
  readonly module: Type | DynamicModule;
  readonly kafka: KafkaConfig;
  /** Default: there is none, and no module asks for it. */
  readonly database?: DatabaseConfig | undefined;
  readonly log: LogLevel;
  readonly tell: (event: MemberEvent) => void;
  /** Gets each line of the log from `info` on, as JSON, in the place of stderr. */
  readonly line?: ((line: string) => void) | undefined;
  /** Awaited last, when everything has been told. */
  readonly flush?: () => Promise<void>;
}

const FLUSH = 'RECIPE_FLUSH';

/** What every recipe gets: the Kafka and the database it runs on, and a logger. */
@Module({})
class RecipeHost implements OnApplicationShutdown {
  constructor(@Inject(FLUSH) private readonly flush: () => Promise<void>) {}

  static of({ module, kafka, database, log, line, flush = () => Promise.resolve() }: BootOptions): DynamicModule {
    return {
      module: RecipeHost,
      global: true,
      imports: [
        LoggerModule.forRoot({
          pinoHttp: {
            level: line ? 'info' : log,
            stream: line ? { write: (text: string) => line(text) } : pino.destination(2),
            autoLogging: false,
            base: null,
            // what is written while a record is handled names it, where the recipe has a KafkaLogContext
            mixin: () => ({ record: getRecordLogFields() }),
          },
        }),
        module,
      ],
      providers: [
        { provide: KafkaConfig, useValue: kafka },
        { provide: DatabaseConfig, useValue: database },
        { provide: FLUSH, useValue: flush },
      ],
      exports: [KafkaConfig, DatabaseConfig],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.flush();
  }
}

/** Makes the app; `init()` or `listen()` starts its workers. */
export async function createApp(options: BootOptions): Promise<INestApplication> {
  const app = await NestFactory.create(RecipeHost.of(options), { bufferLogs: true, abortOnError: false });
  app.useLogger(app.get(Logger));
  app.useGlobalInterceptors(new JournalInterceptor(options.tell));
  app
    .get(KafkaWorkerRuntime)
    .events$.subscribe((event) => options.tell({ at: now(), type: 'engine', event: plainEvent(event) }));
  return app;
}
