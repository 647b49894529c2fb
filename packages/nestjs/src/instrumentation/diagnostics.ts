import { AsyncResource } from 'node:async_hooks';
import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { AttemptScope, Delivery, EngineEvent, WorkerInstrumentation } from '@kafka-worker/engine';

/** What `tracing:kafka-worker:attempt:*` tells: one object for all messages of an attempt. */
export interface KafkaWorkerAttemptMessage {
  readonly delivery: Delivery;
  /** Set with `error`, and from then on. */
  error?: unknown;
}

/** What `kafka-worker:event` tells: everything of `events$` but records that are done. */
export type KafkaWorkerEventMessage = EngineEvent;

const attempts = tracingChannel<KafkaWorkerAttemptMessage, KafkaWorkerAttemptMessage>('kafka-worker:attempt');
const events = channel('kafka-worker:event');

/**
 * Tells `node:diagnostics_channel`, for who wants neither OpenTelemetry nor prom-client. Always attached: while nobody
 * subscribes it looks whether somebody does and makes nothing. Stores bound to `start` (`bindStore`) hold in the handler.
 * @internal
 */
export const diagnostics: WorkerInstrumentation = {
  attempt(delivery) {
    return attempts.hasSubscribers ? new ChannelScope(delivery) : undefined;
  },
  event(event) {
    if (events.hasSubscribers) events.publish(event);
  },
};

/**
 * `start` and `end` around the call of the handler, which Nest's pipeline may come to after `end`; `asyncEnd` when the
 * attempt is over, `error` before it where it failed.
 */
class ChannelScope implements AttemptScope {
  readonly #message: KafkaWorkerAttemptMessage;
  /** Where the bound stores hold. */
  #resource: AsyncResource | undefined;

  constructor(delivery: Delivery) {
    this.#message = { delivery };
  }

  run(handle: () => unknown): unknown {
    return attempts.start.runStores(this.#message, () => {
      this.#resource = new AsyncResource('kafka-worker.attempt');
      try {
        return handle();
      } finally {
        attempts.end.publish(this.#message);
      }
    });
  }

  resume(work: () => unknown): unknown {
    return this.#resource === undefined ? work() : this.#resource.runInAsyncScope(work);
  }

  ended(error: Error | undefined): void {
    if (error !== undefined) {
      this.#message.error = error;
      attempts.error.publish(this.#message);
    }
    attempts.asyncEnd.publish(this.#message);
  }
}
