import { KafkaWorkerError } from './kafka-worker.error.js';

/** Somebody else has claimed the partition: the transaction was rolled back, and this claim is of no use any more. */
export class StoreFencedError extends KafkaWorkerError {
  override readonly name = 'StoreFencedError';
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('STORE_FENCED', message, options);
  }
}

/** A store could not be reached or refused what it was asked. The same call may succeed later. */
export class StoreFailedError extends KafkaWorkerError {
  override readonly name = 'StoreFailedError';
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('STORE_FAILED', message, { ...options, canRetry: true });
  }
}
