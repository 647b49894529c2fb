import 'reflect-metadata';
import type { ConfigurationMistake } from '@kafka-worker/engine';
import { EventPattern } from '@nestjs/microservices';
import { getKafkaWorkerTransport, NEST_METADATA, WORKER_METADATA } from '../constants.js';
import type { KafkaWorkerOptions } from '../interfaces/worker-options.interface.js';
import { asList } from '../utils/as-list.js';

/** What `@KafkaWorker` leaves on a method. @internal */
export interface WorkerMetadata {
  readonly options: KafkaWorkerOptions;
  /** Empty: the topic comes from a pattern decorator. */
  readonly topics: readonly (string | RegExp)[];
  /** What is wrong with where it stands. Options are checked at boot, where the module's defaults are known. */
  readonly mistakes: readonly ConfigurationMistake[];
}

/**
 * Makes a method of a controller or a provider a Kafka worker.
 *
 * ```ts
 * @KafkaWorker({ topic: 'orders', concurrency: 'key', limit: 3 })
 * async onOrder(@Payload() order: Order, @Ctx() context: KafkaWorkerContext) {}
 * ```
 *
 * The topic may also stand in `@EventPattern('orders')` above or below it. Mistakes do not throw here but stop the boot
 * with one `ConfigurationError` that lists those of all workers.
 */
export function KafkaWorker(options: KafkaWorkerOptions = {}): MethodDecorator {
  return (target, key, descriptor) => {
    // A plain MethodDecorator: Nest 12 types @EventPattern by its payload, which does not compose (TS2345, TS1241).
    const method = descriptor.value as object;
    const isStatic = typeof target === 'function';
    const where = `${isStatic ? target.name : target.constructor.name}#${String(key)}`;
    const mistakes: ConfigurationMistake[] = [];
    if (isStatic)
      mistakes.push({ where, message: 'a static method cannot be a worker; Nest makes no instance for it' });
    if (Reflect.hasOwnMetadata(WORKER_METADATA, method)) {
      mistakes.push({
        where,
        message: '@KafkaWorker stands on it twice; one worker takes several topics: topics: [...]',
      });
    }
    const topics = [...asList(options.topic), ...asList(options.topics)];
    if (topics.length > 0) {
      if (Reflect.hasOwnMetadata(NEST_METADATA.pattern, method)) mistakes.push(topicTwice(where));
      EventPattern(topics, getKafkaWorkerTransport(options.name))(target, key, descriptor as PropertyDescriptor);
    }
    Reflect.defineMetadata(WORKER_METADATA, { options, topics, mistakes } satisfies WorkerMetadata, method);
  };
}

/** @internal */
export function topicTwice(where: string): ConfigurationMistake {
  return { where, option: 'topic', message: 'the topic is given twice, here and in @EventPattern; leave one out' };
}
