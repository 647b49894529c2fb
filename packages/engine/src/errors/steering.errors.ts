import { KafkaWorkerError } from './kafka-worker.error.js';

/** Thrown by a handler: settle this record as `skipped`, without retry. */
export class SkipRecordError extends KafkaWorkerError {
  override readonly name = 'SkipRecordError';
  constructor(reason = 'skipped by the handler', options: { cause?: unknown } = {}) {
    super('SKIP_RECORD', reason, options);
  }
}

/** Thrown by a handler: call again after `delayMs`, in the lane, without counting a failed attempt. */
export class RetryLaterError extends KafkaWorkerError {
  override readonly name = 'RetryLaterError';
  constructor(
    readonly delayMs: number,
    reason = 'retry later',
    options: { cause?: unknown } = {},
  ) {
    super('RETRY_LATER', reason, { ...options, canRetry: true });
  }
}

/**
 * Thrown by a handler: no further attempts, straight to the dead-letter topic of `onFailure` (or of the end of its
 * `retryTopics`). Where the worker has none, `onFailure` decides as it is.
 */
export class DeadLetterError extends KafkaWorkerError {
  override readonly name = 'DeadLetterError';
  constructor(reason = 'dead-lettered by the handler', options: { cause?: unknown } = {}) {
    super('DEAD_LETTER', reason, options);
  }
}

/** Thrown by a handler: freeze this record's key or partition now, without further attempts. */
export class FreezeError extends KafkaWorkerError {
  override readonly name = 'FreezeError';
  constructor(
    readonly scope: 'key' | 'partition' = 'partition',
    reason = 'frozen by the handler',
    options: { cause?: unknown } = {},
  ) {
    super('FREEZE', reason, options);
  }
}

/** Thrown by a handler: no further attempts, go to `onFailure` at once. */
export class NonRetryableError extends KafkaWorkerError {
  override readonly name = 'NonRetryableError';
  constructor(reason = 'not retryable', options: { cause?: unknown } = {}) {
    super('NON_RETRYABLE', reason, options);
  }
}
