import type { Delivery, DeliveryHandler } from '@kafka-worker/engine';
import { isObservable, lastValueFrom } from 'rxjs';
import { KafkaWorkerContext, type ContextSource } from '../context/kafka-worker.context.js';
import type { PayloadReader } from '../payload/payload-reader.js';
import type { KafkaWorkerServer } from '../server/kafka-worker.server.js';
import type { RecordHandler } from './handler.interface.js';
import { publishReplies, replyAddress } from './reply.publisher.js';

/** What a worker's records go through. @internal */
export interface DeliveryHandlerInit {
  /** Nest's handler for a record. */
  readonly handlerOf: (delivery: Delivery) => RecordHandler;
  readonly read: PayloadReader;
  readonly isAsync: boolean;
  readonly isEvent: boolean;
  readonly source: ContextSource;
  readonly server: KafkaWorkerServer;
}

/**
 * The seam: both ways to run end in what this makes. It lies on the way of every record, so it hands the
 * handler's own promise on and makes one only where it must.
 * @internal
 */
export function createDeliveryHandler(init: DeliveryHandlerInit): DeliveryHandler {
  const { handlerOf, read, isAsync, isEvent, source, server } = init;

  const call = (payload: unknown, delivery: Delivery): unknown => {
    const context = new KafkaWorkerContext(delivery, payload, source);
    if (!server.hasProcessingHooks) return run(payload, context, delivery);
    return server.runBetweenHooks(context, async () => {
      const value = await run(payload, context, delivery);
      return unwrap(value) ?? value;
    });
  };

  const run = (payload: unknown, context: KafkaWorkerContext, delivery: Delivery): unknown => {
    const handle = handlerOf(delivery);
    const address = isEvent ? undefined : replyAddress(delivery.record);
    if (address === undefined) return handle(payload, context);
    return publishReplies(
      { address, delivery, ...source },
      promised(() => handle(payload, context)),
    );
  };

  if (isAsync) {
    return async (delivery) => call(await read(delivery), delivery);
  }
  return (delivery) => call(read(delivery), delivery);
}

/** What is thrown at once is a rejection as well. */
async function promised(call: () => unknown): Promise<unknown> {
  return call();
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
