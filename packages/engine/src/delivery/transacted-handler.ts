import type { WorkerDefinition } from '../options/engine-options.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { Attempt } from './attempt.js';
import type { DeliveryHandler } from './delivery.js';

/**
 * Runs a handler in a transaction of the partition's claim, which marks the record as settled in the same one. What was
 * settled before (the answer to its commit had been lost) is done without another effect.
 */
export function transacted(handle: DeliveryHandler, unwrap: WorkerDefinition['unwrap']): DeliveryHandler {
  return async (delivery) => {
    const attempt = delivery as Attempt;
    const { claim } = attempt;
    if (claim === undefined)
      throw new KafkaWorkerError('STORE_FAILED', 'the partition is not claimed', { canRetry: true });
    await claim.transact(attempt.record.offset, async (transaction) => {
      attempt.transaction = transaction;
      try {
        const value: unknown = await handle(attempt);
        await unwrap?.(value);
      } finally {
        attempt.transaction = undefined;
      }
      // a handler that came back after its time must not take effect: another attempt may be under way
      if (!attempt.counts) throw attempt.signal.reason as Error;
    });
  };
}
