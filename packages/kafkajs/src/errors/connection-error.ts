import { KafkaWorkerError, ensureError } from '@kafka-worker/engine';
import { causes } from './broker-error.js';

const CONNECTION_ERRORS = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
]);

/** `CONNECTION` for what a broker that cannot be reached gives; anything else as it is. */
export function connectionError(thrown: unknown): Error {
  const error = ensureError(thrown);
  if (KafkaWorkerError.is(error)) return error;
  for (const link of causes(error)) {
    if (CONNECTION_ERRORS.has((link as { name?: string }).name ?? '')) {
      return new KafkaWorkerError('CONNECTION', `no broker could be reached: ${error.message}`, {
        cause: error,
        canRetry: true,
      });
    }
  }
  return error;
}
