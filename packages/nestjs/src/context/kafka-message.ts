import type { KafkaRecord } from '@kafka-worker/engine';
import { decode, decodeHeader } from '../payload/decode.js';

/** A record in the form Nest's `KafkaContext#getMessage()` has: kafkajs' message, decoded, with topic and partition. */
export interface KafkaWorkerMessage {
  readonly topic: string;
  readonly partition: number;
  /** A text, as kafkajs gives it. `context.getOffset()` is the number. */
  readonly offset: string;
  /** Milliseconds since the epoch, as text. */
  readonly timestamp: string;
  readonly attributes: number;
  /** Decoded like a value: a key that is JSON comes as an object. `context.getKey()` is the text itself. */
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** @internal */
export function toKafkaMessage(record: KafkaRecord, value: unknown): KafkaWorkerMessage {
  const headers: Record<string, unknown> = {};
  for (const name of Object.keys(record.headers)) headers[name] = decodeHeader(record.headers[name]);
  return {
    topic: record.topic,
    partition: record.partition,
    offset: String(record.offset),
    timestamp: String(record.timestamp),
    attributes: 0,
    key: decode(record.key),
    value,
    headers,
  };
}
