import {
  CommitError,
  ensureError,
  KafkaWorkerError,
  TransactionError as DriverTransactionError,
} from '@kafka-worker/engine';
import { TransactionError } from './transaction-error.js';

/** True where another producer has the transactional id. */
export function isFenced(thrown: unknown): boolean {
  return thrown instanceof TransactionError && thrown.type === 'INVALID_PRODUCER_EPOCH';
}

export function fenced(transactionalId: string, cause?: unknown): DriverTransactionError {
  const message = `another producer has taken over the transactional id "${transactionalId}"`;
  return new DriverTransactionError('TRANSACTION_FENCED', message, { cause });
}

export function inDoubt(transactionalId: string, cause?: unknown): DriverTransactionError {
  const message = `what the last transaction of "${transactionalId}" came to is known after the next open`;
  return new DriverTransactionError('TRANSACTION_IN_DOUBT', message, { cause });
}

/** Why a transaction that was aborted could not be committed, in the words of the driver port. */
export function toAbortReason(thrown: unknown): KafkaWorkerError {
  const cause = ensureError(thrown);
  if (thrown instanceof TransactionError) {
    if (thrown.type === 'OFFSET_METADATA_TOO_LARGE')
      return new CommitError('COMMIT_METADATA_TOO_LARGE', thrown.message, { cause });
    if (thrown.type === 'UNKNOWN_TOPIC_OR_PARTITION')
      return new KafkaWorkerError('SEND_FAILED', thrown.message, { cause, canRetry: false });
  }
  if (KafkaWorkerError.is(thrown) && thrown.code === 'TOPIC_MISSING')
    return new KafkaWorkerError('SEND_FAILED', thrown.message, { cause, canRetry: false });
  return new DriverTransactionError('TRANSACTION_ABORTED', `the transaction was aborted: ${cause.message}`, { cause });
}
