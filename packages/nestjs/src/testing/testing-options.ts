import type { KafkaWorkerModuleOptions } from '../interfaces/module-options.interface.js';
import type { KafkaWorkerTester } from './kafka-worker-tester.js';

/** How long a delivery waits, and who moves time meanwhile. */
export interface DeliverOptions {
  /**
   * True: time is moved from timer to timer until the record is settled. False: it is left alone, and the promise
   * waits until `advance()` has brought the record's end. Default true.
   */
  readonly moveTime?: boolean;
  /**
   * How long a running handler may give no sign of life before time is moved on over it, and before the delivery is
   * given up where no time is left to move. Real milliseconds. Default 1,000.
   */
  readonly patienceMs?: number;
  /** How far time may be moved. Milliseconds of the test's clock. Default 86,400,000: a day. */
  readonly withinMs?: number;
  /** Which connection's cluster gets the record. Needed only where workers of several connections read such a topic. */
  readonly connection?: string;
}

/** Options of `KafkaWorkerTestingModule.createTestingModule`. */
export interface KafkaWorkerTestingOptions extends Omit<DeliverOptions, 'connection'> {
  /** Partitions of topics, by name; they exist before the workers start. Topics not named here have `partitions`. */
  readonly topics?: Readonly<Record<string, number>>;
  /** Partitions of every topic not in `topics`. Default 1. */
  readonly partitions?: number;
  /** Where the test's clock starts. Milliseconds since the epoch. Default: the machine's time. */
  readonly now?: number;
  /**
   * Options of the connection that is brought where none of the modules under test brings one.
   * Default `{ consumer: { groupId: 'test' } }`.
   */
  readonly kafka?: KafkaWorkerModuleOptions;
  /** True: all connections are to one cluster. Default false: each connection has a cluster of its own. */
  readonly sharedCluster?: boolean;
  /**
   * Another testing module's tester: this one shares its clusters and its clock, as another process would, and its
   * workers are further members of their groups. `now`, `partitions` and `sharedCluster` are the other one's.
   */
  readonly joins?: KafkaWorkerTester;
}

/** @internal */
export type CompiledDeliverOptions = Required<Omit<DeliverOptions, 'connection'>> & Pick<DeliverOptions, 'connection'>;

/** @internal */
export function compileDeliverOptions(own: DeliverOptions, defaults: DeliverOptions): CompiledDeliverOptions {
  const connection = own.connection;
  return {
    moveTime: own.moveTime ?? defaults.moveTime ?? true,
    patienceMs: own.patienceMs ?? defaults.patienceMs ?? 1000,
    withinMs: own.withinMs ?? defaults.withinMs ?? 86_400_000,
    ...(connection === undefined ? {} : { connection }),
  };
}
