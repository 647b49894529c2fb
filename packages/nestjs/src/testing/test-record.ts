import type { OutgoingRecord, RecordHeaders } from '@kafka-worker/engine';
import { toOutgoing } from '../producer/outgoing.js';

/** A record to deliver. Payloads are sent as `KafkaWorkerProducer` sends them: objects as JSON, texts and buffers as they are. */
export interface TestRecord<T = unknown> {
  /** The payload; null and undefined make a tombstone. */
  readonly value: T;
  readonly key?: unknown;
  readonly headers?: RecordHeaders;
  /** Default: by key, without one in turn. */
  readonly partition?: number;
  /** Milliseconds since the epoch. Default: now, by the clock of the test. */
  readonly timestamp?: number;
}

const FIELDS: ReadonlySet<string> = new Set([
  'value',
  'key',
  'headers',
  'partition',
  'timestamp',
] satisfies (keyof TestRecord)[]);

/** What was given to `deliver`, as the cluster takes it. @internal */
export function toTestRecord(topic: string, given: unknown): OutgoingRecord {
  const record = isTestRecord(given) ? given : { value: given };
  return toOutgoing({ ...record, topic });
}

/** A plain object with a `value` and nothing that a record has not. */
function isTestRecord(given: unknown): given is TestRecord {
  if (typeof given !== 'object' || given === null || !('value' in given)) return false;
  const prototype: unknown = Object.getPrototypeOf(given);
  const isPlain = prototype === Object.prototype || prototype === null;
  return isPlain && Object.keys(given).every((name) => FIELDS.has(name));
}
