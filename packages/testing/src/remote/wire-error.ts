import {
  CommitError,
  type CommitErrorCode,
  ensureError,
  ERROR_CODES,
  type ErrorCode,
  KafkaWorkerError,
} from '@kafka-worker/engine';

/** An error as it travels. */
export interface WireError {
  readonly message: string;
  readonly code?: ErrorCode;
  readonly canRetry?: boolean;
}

export function toWireError(thrown: unknown): WireError {
  if (KafkaWorkerError.is(thrown)) return { message: thrown.message, code: thrown.code, canRetry: thrown.canRetry };
  return { message: ensureError(thrown).message };
}

export function fromWireError({ message, code, canRetry }: WireError): Error {
  if (!code || !(code in ERROR_CODES)) return new Error(message);
  if (code.startsWith('COMMIT_')) return new CommitError(code as CommitErrorCode, message);
  return new KafkaWorkerError(code, message, { canRetry: canRetry ?? false });
}
