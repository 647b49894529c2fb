import type {
  KafkaDriver,
  RebalanceOptions,
  ShutdownOptions,
  StartPolicy,
  WorkerInstrumentation,
} from '@kafka-worker/engine';
import type { AssignmentStrategy, KafkajsDriverOptions } from '@kafka-worker/kafkajs';
import type { KafkaOptions } from '@nestjs/microservices';
import type { WorkerDefaults } from './worker-options.interface.js';

type NestKafkaOptions = NonNullable<KafkaOptions['options']>;

/** The group, and how the client fetches: Nest's shape. Times are milliseconds. */
export type KafkaWorkerConsumerOptions = Partial<NonNullable<NestKafkaOptions['consumer']>> & {
  /**
   * How the partitions of the group are shared out, the most wanted first; the group works with the first one that all of
   * its members have. Default `['cooperative', 'round-robin']`. Not beside `partitionAssigners`.
   */
  readonly assignment?: AssignmentStrategy | readonly AssignmentStrategy[];
};

/** Where and how topics are subscribed to. */
export interface KafkaWorkerSubscribeOptions {
  /**
   * Where a group without a committed offset starts. `'none'`: nowhere, the start is refused where a partition has no
   * offset. Default `'beginning'`, so that nothing is skipped; `Transport.KAFKA` starts at the end unless told otherwise.
   */
  readonly startFrom?: StartPolicy;
  /** Nest's spelling: true is `startFrom: 'beginning'`, false is `'latest'`. Give one of the two. */
  readonly fromBeginning?: boolean;
  /**
   * A committed offset that lies behind the end of the log (the topic was cut or made anew) sends the group back to the
   * beginning, if that delivers no more than this many records again; else the partition stands until somebody seeks.
   * Whole number, or `Infinity`: always back. Default 10,000.
   */
  readonly maxRewind?: number;
  /** True: topics that are missing are created by the broker. Default false: they stop the boot. */
  readonly allowAutoTopicCreation?: boolean;
}

/** Makes a driver when the connection first needs one. */
export type KafkaDriverFactory = () => KafkaDriver | Promise<KafkaDriver>;

/** Options of `KafkaWorkerModule.forRoot`, in the shape of Nest's `KafkaOptions['options']` where the meaning is the same. */
export interface KafkaWorkerModuleOptions {
  /** Brokers, client id, TLS, SASL, timeouts. Required unless `driver` is given. */
  readonly client?: KafkajsDriverOptions['client'];
  /** The group and its timeouts. `groupId` is required unless every worker brings its own. */
  readonly consumer?: KafkaWorkerConsumerOptions;
  /** Options of the producer behind `@InjectKafkaProducer()` and of replies. */
  readonly producer?: NonNullable<KafkajsDriverOptions['producer']>;
  readonly subscribe?: KafkaWorkerSubscribeOptions;
  /**
   * Added to every group id. Default `''`. `Transport.KAFKA` adds `-server` by default: give that here (or write it into
   * the group id) when you come from there, or the group starts without its offsets.
   */
  readonly postfixId?: string;
  /** As in Nest: `keepBinary` leaves record values as buffers. Default false. */
  readonly parser?: { readonly keepBinary?: boolean };
  /** The Kafka client. Default: kafkajs with `client`, `consumer` and `producer`. */
  readonly driver?: KafkaDriver | KafkaDriverFactory;
  /** Handlers of all workers of this connection that run at once. Default: no bound beside each worker's `limit`. */
  readonly maxConcurrency?: number;
  /** Defaults of every worker; also what plain `@EventPattern` and `@MessagePattern` handlers run with. */
  readonly worker?: WorkerDefaults;
  /** How partitions are given back. `timeoutMs` must be less than `consumer.rebalanceTimeout` (60,000). */
  readonly rebalance?: RebalanceOptions;
  /** How the process ends: `graceMs` 25,000, then signals abort, then `forceMs` 3,000. Milliseconds. */
  readonly shutdown?: ShutdownOptions;
  /**
   * What looks on at every worker of this connection: `KafkaTracingInterceptor`, `KafkaMetricsInterceptor`,
   * `KafkaLogContext`, or one of your own. The first is the outermost. Default none, which costs nothing.
   */
  readonly instrumentation?: readonly WorkerInstrumentation[];
  /**
   * How often each member asks the broker whether it owns what it believes it owns, on a connection that is open
   * anyhow; health tells where it does not. Milliseconds. Default 30,000; false: never.
   */
  readonly ownershipCheckMs?: number | false;
  /**
   * True (default): where no strategy has been connected by bootstrap, the module runs the handlers itself.
   * False: nothing is consumed until a strategy listens.
   */
  readonly autoStart?: boolean;
}

/** What does not come from a factory, since Nest has to know it before any provider is made. */
export interface KafkaWorkerModuleExtras {
  /** Name of the connection. Default: none, the default connection. */
  readonly name?: string | undefined;
  /** Default true: the injectables are visible in every module. */
  readonly isGlobal?: boolean | undefined;
}
