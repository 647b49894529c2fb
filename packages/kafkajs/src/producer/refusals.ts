/** Sequence numbers are 32 bits and kafkajs starts over one too early, so a producer is renewed long before. */
export const MAX_RECORDS = 1_000_000_000;

/** Refused as a whole, before anything was written: the sequence is where it was. */
export const REFUSED: ReadonlySet<string> = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CORRUPT_MESSAGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);
