import { CommitError, type CommitErrorCode } from '@kafka-worker/engine';

/** A broker's word for why it refused a member's request. */
export type GroupErrorType =
  | 'UNKNOWN_MEMBER_ID'
  | 'ILLEGAL_GENERATION'
  | 'REBALANCE_IN_PROGRESS'
  | 'INCONSISTENT_GROUP_PROTOCOL'
  | 'OFFSET_METADATA_TOO_LARGE'
  | 'UNKNOWN_TOPIC_OR_PARTITION';

/** A group refused a request. */
export class GroupError extends Error {
  override readonly name = 'GroupError';

  constructor(
    readonly type: GroupErrorType,
    message: string,
  ) {
    super(message);
  }
}

const COMMIT_CODES: Readonly<Record<GroupErrorType, CommitErrorCode>> = {
  UNKNOWN_MEMBER_ID: 'COMMIT_FENCED',
  ILLEGAL_GENERATION: 'COMMIT_STALE',
  REBALANCE_IN_PROGRESS: 'COMMIT_STALE',
  INCONSISTENT_GROUP_PROTOCOL: 'COMMIT_FAILED',
  OFFSET_METADATA_TOO_LARGE: 'COMMIT_METADATA_TOO_LARGE',
  UNKNOWN_TOPIC_OR_PARTITION: 'COMMIT_FAILED',
};

/** The refusal of a commit in the words of the driver port; the broker's own stand in its cause. */
export function toCommitError(refusal: GroupError): CommitError {
  return new CommitError(COMMIT_CODES[refusal.type], `${refusal.type}: ${refusal.message}`, { cause: refusal });
}
