/**
 * Where a member can be held, in the order of its life and of a record's way.
 *
 * assigning  partitions were given to it; it knows nothing of them yet
 * assigned   it has taken them over; nothing was read of them yet
 * records    records have come; no handler has them
 * handler    the handler runs; its effect is not made
 * effect     the effect is made; the handler has not come back
 * commit     what settles the record for good is about to be sent
 * ending     Kafka to Kafka: records and offsets are with the broker, the commit of the transaction is about to be sent
 * committed  it is settled for good; the member has not been told
 * revoking   it is asked for its partitions; the drain has not begun
 * revoked    it has drained and made its last commit; the group has not been told
 */
export type Moment =
  | 'assigning'
  | 'assigned'
  | 'records'
  | 'handler'
  | 'effect'
  | 'commit'
  | 'ending'
  | 'committed'
  | 'revoking'
  | 'revoked';

/** What a member is told to wait for. */
export interface Hold {
  readonly moment: Moment;
  /** How often the moment may come and go before. */
  readonly pass: number;
}
