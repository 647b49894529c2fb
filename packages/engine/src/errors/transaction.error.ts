import { KafkaWorkerError } from './kafka-worker.error.js';

/** Codes a transaction can fail with. */
export type TransactionErrorCode = 'TRANSACTION_FENCED' | 'TRANSACTION_ABORTED' | 'TRANSACTION_IN_DOUBT';

/** A transaction was not committed, or may not have been. Only after `TRANSACTION_ABORTED` it can be sent again as it is. */
export class TransactionError extends KafkaWorkerError {
  override readonly name = 'TransactionError';
  declare readonly code: TransactionErrorCode;

  constructor(code: TransactionErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, { ...options, canRetry: code === 'TRANSACTION_ABORTED' });
  }
}
