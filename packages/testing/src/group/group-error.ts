import { CommitError, type CommitErrorCode } from '@kafka-worker/engine';

/** A broker's word for why it refused a member's request. */
export type GroupErrorType =
  | 'UNKNOWN_MEMBER_ID'
  | 'ILLEGAL_GENERATION'
  | 'REBALANCE_IN_PROGRESS'
  | 'INCONSISTENT_GROUP_PROTOCOL'
  | 'OFFSET_METADATA_TOO_LARGE'
  | 'UNKNOWN_TOPIC_OR_PARTITION'
  | 'NOT_COORDINATOR'
  | 'COORDINATOR_LOAD_IN_PROGRESS';

/** Refusals of a coordinator that is not, or not yet, the group's: the same request may be sent again. */
export type CoordinatorAway = Extract<GroupErrorType, 'NOT_COORDINATOR' | 'COORDINATOR_LOAD_IN_PROGRESS'>;

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
  NOT_COORDINATOR: 'COMMIT_FAILED',
  COORDINATOR_LOAD_IN_PROGRESS: 'COMMIT_FAILED',
};

/** The refusal of a commit in the words of the driver port; the broker's own stand in its cause. */
export function toCommitError(refusal: GroupError): CommitError {
  return new CommitError(COMMIT_CODES[refusal.type], `${refusal.type}: ${refusal.message}`, { cause: refusal });
}

/** True for a refusal that only says to ask again later. */
export function isAway(error: unknown): boolean {
  return (
    error instanceof GroupError && (error.type === 'NOT_COORDINATOR' || error.type === 'COORDINATOR_LOAD_IN_PROGRESS')
  );
}
