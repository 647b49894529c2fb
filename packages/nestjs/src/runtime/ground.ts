import { systemClock, type Clock, type KafkaDriver, type WorkerDefinition } from '@kafka-worker/engine';
import { Injectable } from '@nestjs/common';
import type { KafkaWorkerConnection } from './connection.js';
import { createDriver } from './create-driver.js';

/**
 * What the connections of an application stand on: time, and the clients that reach a cluster. A provider, so that the
 * testing module puts its own under all of them at once, whatever their options say.
 * @internal
 */
@Injectable()
export class KafkaWorkerGround {
  readonly clock: Clock = systemClock;
  /** False: nobody will be connected to, so `client.brokers` may be missing. */
  readonly needsBrokers: boolean = true;

  /** Default of the option of this name: false where time stands still unless something is due. */
  readonly ownershipCheckMs: number | false = 30_000;

  /** Called once, when a connection first needs its driver. */
  driver(connection: KafkaWorkerConnection): Promise<KafkaDriver> {
    return createDriver(connection.options, connection.logger);
  }

  /** The workers of a connection on their way into its engine. */
  workers(
    _connection: KafkaWorkerConnection,
    definitions: readonly WorkerDefinition[],
  ): Promise<readonly WorkerDefinition[]> {
    return Promise.resolve(definitions);
  }

  /** The engine of a connection runs; the start waits for the promise. Its first partitions may come later. */
  started(_connection: KafkaWorkerConnection): Promise<void> {
    return Promise.resolve();
  }
}
