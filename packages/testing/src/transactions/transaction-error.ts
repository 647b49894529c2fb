/**
 * INVALID_PRODUCER_EPOCH      another producer has taken over the transactional id
 * INVALID_TXN_STATE           the transaction has ended
 * OFFSET_METADATA_TOO_LARGE   more than 4,096 characters with an offset
 * UNKNOWN_TOPIC_OR_PARTITION  an offset for a partition that does not exist
 */
export type TransactionErrorType =
  'INVALID_PRODUCER_EPOCH' | 'INVALID_TXN_STATE' | 'OFFSET_METADATA_TOO_LARGE' | 'UNKNOWN_TOPIC_OR_PARTITION';

/** The cluster refused something that belongs to a transaction. */
export class TransactionError extends Error {
  override readonly name = 'TransactionError';

  constructor(
    readonly type: TransactionErrorType,
    message: string,
  ) {
    super(`${type}: ${message}`);
  }
}
