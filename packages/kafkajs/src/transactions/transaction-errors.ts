import { CommitError, ensureError, KafkaWorkerError, TransactionError } from '@kafka-worker/engine';
import { brokerErrorType } from '../errors/broker-error.js';
import { connectionError } from '../errors/connection-error.js';
import { REFUSED } from '../producer/refusals.js';

/** Somebody else has the transactional id, or the broker has given it up: for this producer there is no way back. */
const FENCED: ReadonlySet<string> = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
]);

/** Refused without having been looked at; the same may be asked again. */
const PASSING: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR_FOR_GROUP',
]);

/** Not allowed: asking again is of no use. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'GROUP_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);

export function isFenced(thrown: unknown): boolean {
  return FENCED.has(brokerErrorType(thrown) ?? '');
}

/** True where the request may simply be sent again. */
export function isPassing(thrown: unknown): boolean {
  return PASSING.has(brokerErrorType(thrown) ?? '');
}

export function fenced(transactionalId: string, cause?: unknown): TransactionError {
  return new TransactionError(
    'TRANSACTION_FENCED',
    `another producer has taken over the transactional id "${transactionalId}"${because(cause)}`,
    { cause },
  );
}

export function inDoubt(transactionalId: string, cause?: unknown): TransactionError {
  return new TransactionError(
    'TRANSACTION_IN_DOUBT',
    `what the last transaction of "${transactionalId}" came to is known after the next open${because(cause)}`,
    { cause },
  );
}

/**
 * Why a transaction is aborted, where it is certain what of it the broker has; undefined where it is not: the answer
 * to a request got lost, or the last of several tries hides what became of the first.
 */
export function toAbortReason(thrown: unknown): KafkaWorkerError | undefined {
  if (KafkaWorkerError.is(thrown)) return thrown;
  const type = brokerErrorType(thrown);
  if (type === undefined) return undefined;
  const cause = ensureError(thrown);
  if (type === 'OFFSET_METADATA_TOO_LARGE')
    return new CommitError('COMMIT_METADATA_TOO_LARGE', `the transaction was aborted${because(cause)}`, { cause });
  if (REFUSED.has(type) || FORBIDDEN.has(type))
    return new KafkaWorkerError('SEND_FAILED', `the transaction was aborted${because(cause)}`, { cause });
  if (PASSING.has(type))
    return new TransactionError('TRANSACTION_ABORTED', `the transaction was aborted${because(cause)}`, { cause });
  return undefined;
}

/** A transaction that could not even be begun. */
export function notBegun(thrown: unknown): KafkaWorkerError {
  const error = connectionError(thrown);
  if (KafkaWorkerError.is(error) && error.code === 'TOPIC_MISSING')
    return new KafkaWorkerError('SEND_FAILED', `nothing was sent${because(error)}`, { cause: error });
  return new TransactionError('TRANSACTION_ABORTED', `the transaction was not begun${because(error)}`, {
    cause: error,
  });
}

/** Why an id could not be taken over. */
export function notOpened(transactionalId: string, thrown: unknown): KafkaWorkerError {
  const error = connectionError(thrown);
  if (KafkaWorkerError.is(error)) return error;
  const message = `the transactional id "${transactionalId}" was not taken over${because(error)}`;
  if (FORBIDDEN.has(brokerErrorType(error) ?? '')) return new KafkaWorkerError('CONNECTION', message, { cause: error });
  return new TransactionError('TRANSACTION_ABORTED', message, { cause: error });
}

function because(cause: unknown): string {
  if (cause === undefined) return '';
  const type = brokerErrorType(cause);
  return `: ${type ? `${type}, ` : ''}${ensureError(cause).message}`;
}
