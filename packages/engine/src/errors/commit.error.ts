import { KafkaWorkerError } from './kafka-worker.error.js';

/** Codes a commit can fail with. */
export type CommitErrorCode = 'COMMIT_STALE' | 'COMMIT_FENCED' | 'COMMIT_METADATA_TOO_LARGE' | 'COMMIT_FAILED';

/** A commit was not acknowledged. Only `COMMIT_FAILED` can be tried again under the same assignment. */
export class CommitError extends KafkaWorkerError {
  override readonly name = 'CommitError';
  declare readonly code: CommitErrorCode;

  constructor(code: CommitErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, { ...options, canRetry: code === 'COMMIT_FAILED' });
  }
}
