import type { WorkerOptions } from '@kafka-worker/engine';
import type { ConsumerDeserializer } from '@nestjs/microservices';
import type { StandardSchema } from './standard-schema.interface.js';

/** What can be said of one worker or, in the module's `worker`, of all of them. */
export interface WorkerDefaults extends WorkerOptions {
  /**
   * Makes the payload from Nest's form of the message (key, value and headers decoded). A throw is not retried.
   * Default: as Nest's Kafka transport decodes, but a null value stays null.
   */
  readonly deserializer?: ConsumerDeserializer;
  /** Any Standard Schema. The handler gets its output; a payload it refuses is not retried. Default none. */
  readonly schema?: StandardSchema;
}

/** Options of `@KafkaWorker`. */
export interface KafkaWorkerOptions extends WorkerDefaults {
  /** Topic to read: a name, a pattern, or several. Left out: the one of `@EventPattern` on the same method. */
  readonly topic?: string | RegExp | readonly (string | RegExp)[];
  /** The same as `topic`, for those who like the plural. */
  readonly topics?: string | RegExp | readonly (string | RegExp)[];
  /** Another group than the module's `consumer.groupId`, so that both get every record. `postfixId` is added. */
  readonly groupId?: string;
  /** Which connection. Default: the one registered without a name. */
  readonly name?: string;
}

/** Names of the options that the engine does not know. @internal */
export const NEST_WORKER_OPTION_NAMES = ['topic', 'topics', 'groupId', 'name', 'deserializer', 'schema'] as const;
