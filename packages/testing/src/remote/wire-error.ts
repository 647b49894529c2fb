import {
  CommitError,
  type CommitErrorCode,
  ensureError,
  ERROR_CODES,
  type ErrorCode,
  KafkaWorkerError,
  TransactionError,
  type TransactionErrorCode,
} from '@kafka-worker/engine';

/** An error as it travels. */
export interface WireError {
  readonly message: string;
  readonly code?: ErrorCode;
  readonly canRetry?: boolean;
}

/** What the other side needs of an error to tell it from others. Causes and stacks stay here. */
export function toWireError(thrown: unknown): WireError {
  if (KafkaWorkerError.is(thrown)) return { message: thrown.message, code: thrown.code, canRetry: thrown.canRetry };
  return { message: ensureError(thrown).message };
}

/** The error again, of the class that callers look for; one with a code that is not known here is a plain `Error`. */
export function fromWireError({ message, code, canRetry }: WireError): Error {
  if (!code || !(code in ERROR_CODES)) return new Error(message);
  if (code.startsWith('COMMIT_')) return new CommitError(code as CommitErrorCode, message);
  if (code.startsWith('TRANSACTION_')) return new TransactionError(code as TransactionErrorCode, message);
  return new KafkaWorkerError(code, message, { canRetry: canRetry ?? false });
}
