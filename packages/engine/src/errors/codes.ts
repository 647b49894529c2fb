/**
 * Every code an error of this project can carry, with what it means. Closed: a new one is a change of the contract.
 */
export const ERROR_CODES = {
  CONFIGURATION: 'Options or handlers are wrong; nothing was started.',
  TOPIC_MISSING: 'A subscribed topic does not exist and may not be created.',
  NOT_RUNNING: 'The call needs a running engine.',
  UNKNOWN_TARGET: 'No worker, topic or partition of that name is held by this process.',
  COMMIT_STALE:
    'The partition was handed over or the group has a newer generation; the commit was not sent or not accepted.',
  COMMIT_FENCED: 'The broker does not know this member any more; its partitions are lost.',
  COMMIT_METADATA_TOO_LARGE: 'The broker refused the metadata of a commit.',
  COMMIT_FAILED: 'The broker could not be reached or refused the commit for another reason.',
  CLIENT_CRASHED: 'The Kafka client stopped by itself.',
  CODEC_MISSING: 'A record is compressed with a codec that is not installed.',
  CONNECTION: 'No broker could be reached.',
  SEND_FAILED: 'The broker did not acknowledge what was sent.',
  TRANSACTION_FENCED: 'Another producer has taken over the transactional id; nothing of the transaction counts.',
  TRANSACTION_ABORTED: 'Nothing of the transaction counts; it may be tried again.',
  TRANSACTION_IN_DOUBT: 'Whether the transaction counts is not known until the producer is opened again.',
  STORE_FAILED: 'A store of offsets or of idempotency keys could not be reached or refused what it was asked.',
  STORE_FENCED: 'Another process has claimed the partition in the store; nothing of the transaction counts.',
  DEAD_LETTER_FAILED: 'A dead letter or a record for a retry topic was not acknowledged.',
  DEAD_LETTER_BUDGET: 'More records would have been dead-lettered than the budget allows.',
  NOT_TRANSACTIONAL: 'What was asked for needs a delivery guarantee with transactions.',
  HANDLER_TIMEOUT: 'An attempt ran longer than its timeoutMs.',
  ORDER_BY: 'The orderBy function threw, so the record has no lane.',
  DESERIALIZE: 'The payload could not be decoded.',
  SKIP_RECORD: 'A handler asked to skip its record.',
  RETRY_LATER: 'A handler asked to be called again later.',
  DEAD_LETTER: 'A handler asked for its record to be dead-lettered.',
  FREEZE: 'A handler asked to freeze its key or partition.',
  NON_RETRYABLE: 'A handler said that trying again is of no use.',
} as const;

/** See {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;
