import type { Delivery } from '@kafka-worker/engine';

/**
 * The topic that a record is handled for: where it stood before it went through retry topics. What was chosen by topic
 * (Nest's handler, the pattern a request-scoped host is told, the channel of a deserializer) stays what it was.
 * @internal
 */
export function topicOf({ record, origin }: Pick<Delivery, 'record' | 'origin'>): string {
  return origin?.topic ?? record.topic;
}
