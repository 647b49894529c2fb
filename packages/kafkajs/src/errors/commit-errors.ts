import { CommitError, type CommitErrorCode } from '@kafka-worker/engine';
import { brokerErrorType, causes } from './broker-error.js';

/** What the broker's words mean for who asked for the commit. Everything that is not here is `COMMIT_FAILED`. */
const CODES: Readonly<Record<string, CommitErrorCode>> = {
  ILLEGAL_GENERATION: 'COMMIT_STALE',
  REBALANCE_IN_PROGRESS: 'COMMIT_STALE',
  UNKNOWN_MEMBER_ID: 'COMMIT_FENCED',
  FENCED_INSTANCE_ID: 'COMMIT_FENCED',
  FENCED_MEMBER_EPOCH: 'COMMIT_FENCED',
  OFFSET_METADATA_TOO_LARGE: 'COMMIT_METADATA_TOO_LARGE',
};

/** The `CommitError` for whatever `consumer.commitOffsets` rejected with. */
export function toCommitError(error: unknown): CommitError {
  for (const link of causes(error)) if (link instanceof CommitError) return link;
  const type = brokerErrorType(error);
  const code = (type !== undefined && CODES[type]) || 'COMMIT_FAILED';
  const message = error instanceof Error ? error.message : String(error);
  return new CommitError(code, `commit not accepted: ${type ? `${type}, ` : ''}${message}`, { cause: error });
}

/** A commit that was not sent because its assignment is over. */
export function staleCommit(why: string): CommitError {
  return new CommitError('COMMIT_STALE', `commit not sent: ${why}`);
}
