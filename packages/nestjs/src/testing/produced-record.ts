import type { KafkaRecord, TopicPartition } from '@kafka-worker/engine';
import { decode, decodeHeader } from '../payload/decode.js';

/** A record that the application under test has sent, and that the cluster has acknowledged. */
export interface ProducedRecord extends TopicPartition {
  readonly offset: number;
  /** As text; null where the record has none. */
  readonly key: string | null;
  /** The value as a worker would get it: objects and arrays parsed from JSON, else text; null for a tombstone. */
  readonly payload: unknown;
  /** Decoded like the payload; a header that stands several times is an array. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** Bytes, nothing decoded. */
  readonly raw: KafkaRecord;
  /** Name of the connection it was sent through. */
  readonly connection: string;
}

/** @internal */
export function toProducedRecord(raw: KafkaRecord, connection: string): ProducedRecord {
  const headers = Object.fromEntries(Object.entries(raw.headers).map(([name, value]) => [name, decodeHeader(value)]));
  return {
    topic: raw.topic,
    partition: raw.partition,
    offset: raw.offset,
    key: raw.key?.toString() ?? null,
    payload: decode(raw.value),
    headers,
    timestamp: raw.timestamp,
    raw,
    connection,
  };
}
