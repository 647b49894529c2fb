import type { Delivery, DeliveryHandler } from '@kafka-worker/engine';
import type { MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { KafkaWorkerContext, type ContextSource } from '../context/kafka-worker.context.js';
import type { PayloadReader } from '../payload/payload-reader.js';
import type { KafkaWorkerServer } from '../server/kafka-worker.server.js';
import { publishReplies, replyAddress } from './reply.publisher.js';

/** What a worker's records go through. @internal */
export interface DeliveryHandlerInit {
  /** Nest's handler for a record. */
  readonly handlerOf: (delivery: Delivery) => MessageHandler;
  readonly read: PayloadReader;
  readonly isAsync: boolean;
  readonly isEvent: boolean;
  readonly source: ContextSource;
  readonly server: KafkaWorkerServer;
}

/**
 * The seam: both ways to run end in what this makes. It lies on the way of every record, so it hands Nest's own promise
 * on and makes one only where it must.
 * @internal
 */
export function createDeliveryHandler(init: DeliveryHandlerInit): DeliveryHandler {
  const { handlerOf, read, isAsync, isEvent, source, server } = init;

  const call = (payload: unknown, delivery: Delivery): Promise<unknown> => {
    const context = new KafkaWorkerContext(delivery, payload, source);
    if (!server.hasProcessingHooks) return run(payload, context, delivery);
    return server.runBetweenHooks(context, () =>
      run(payload, context, delivery).then((value) => unwrap(value) ?? value),
    );
  };

  const run = (payload: unknown, context: KafkaWorkerContext, delivery: Delivery): Promise<unknown> => {
    const result = handlerOf(delivery)(payload, context) as Promise<unknown>;
    const address = isEvent ? undefined : replyAddress(delivery.record);
    return address ? publishReplies({ address, delivery, ...source }, result) : result;
  };

  if (isAsync) {
    return async (delivery) => call(await read(delivery), delivery);
  }
  return (delivery) => call(read(delivery), delivery);
}

/**
 * For the engine, behind the handler's own promise: an Observable is done when it completes, an empty one included
 * (`ServerKafka` fails on that). What is thrown and no Error, as Nest puts it in the place of one where a user's filter
 * answers nothing, the engine makes one of.
 * @internal
 */
export function unwrap(value: unknown): Promise<unknown> | undefined {
  return isObservable(value) ? lastValueFrom(value, { defaultValue: undefined }) : undefined;
}
