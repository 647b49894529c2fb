import type { OutgoingRecord, RecordHeaders } from '@kafka-worker/engine';
import { asList } from '../utils/as-list.js';

/** A record to send. Objects and arrays are sent as JSON, texts and buffers as they are. */
export interface KafkaWorkerRecord<T = unknown> {
  readonly topic: string;
  /** Undefined and null are sent as null: a tombstone. */
  readonly value?: T;
  /** Decides the partition where none is given, as the Java client does. */
  readonly key?: unknown;
  readonly headers?: RecordHeaders;
  readonly partition?: number;
  /** Milliseconds since the epoch. Default: now. */
  readonly timestamp?: number;
}

/** One record, or several. @internal */
export function toOutgoingList<T>(records: KafkaWorkerRecord<T> | readonly KafkaWorkerRecord<T>[]): OutgoingRecord[] {
  return asList<KafkaWorkerRecord<T>>(records).map(toOutgoing);
}

/** @internal */
export function toOutgoing(record: KafkaWorkerRecord): OutgoingRecord {
  return {
    topic: record.topic,
    value: encode(record.value),
    ...(record.key !== undefined && { key: encode(record.key) }),
    ...(record.headers !== undefined && { headers: record.headers }),
    ...(record.partition !== undefined && { partition: record.partition }),
    ...(record.timestamp !== undefined && { timestamp: record.timestamp }),
  };
}

/** As Nest's `KafkaRequestSerializer` encodes, except that `Uint8Array`s are bytes and not text. @internal */
export function encode(value: unknown): Buffer | string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (typeof value !== 'object') return String(value);
  const hasOwnText = !Array.isArray(value) && !isPlain(value) && value.toString !== Object.prototype.toString;
  return hasOwnText ? value.toString() : JSON.stringify(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
