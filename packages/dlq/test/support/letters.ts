import { failureHeaders, type KafkaRecord, type OutgoingRecord, type RecordHeaders } from '@kafka-worker/engine';

/** When test records fail unless said otherwise. */
export const FAILED_AT = Date.UTC(2025, 0, 1);

/** One for all: its stack is dear. */
const BROKE = new Error('it broke');

/** A dead letter to write by hand. */
export interface LetterOptions {
  /** Partition of the dead-letter topic. */
  readonly at?: number;
  readonly from?: { readonly topic?: string; readonly partition?: number; readonly offset?: number };
  readonly key?: string | Buffer | null;
  readonly value?: string | Buffer | null;
  /** The record's own. */
  readonly headers?: RecordHeaders;
  readonly group?: string;
  readonly worker?: string;
  readonly error?: Error;
  /** Milliseconds since the epoch. */
  readonly failedAt?: number;
}

/** A record as the engine writes it to a dead-letter topic. */
export function letter(topic: string, options: LetterOptions = {}): OutgoingRecord {
  const { at = 0, from = {}, key = 'key', value = 'value', headers = {}, failedAt = FAILED_AT } = options;
  const record: KafkaRecord = {
    topic: from.topic ?? 'orders',
    partition: from.partition ?? 0,
    offset: from.offset ?? 0,
    timestamp: FAILED_AT - 60_000,
    key: bytes(key),
    value: bytes(value),
    headers,
  };
  const failure = {
    error: options.error ?? BROKE,
    attempts: 3,
    worker: options.worker ?? 'OrdersWorker#onOrder',
    groupId: options.group ?? 'order-service',
  };
  const facts = { failure, origin: undefined, now: failedAt, include: { message: true, stack: true } };
  return {
    topic,
    partition: at,
    key: record.key,
    value: record.value,
    headers: { ...headers, ...failureHeaders(record, facts) },
  };
}

/** `count` dead letters of one origin partition, valued `<partition>:<n>`, one millisecond apart. */
export function letters(topic: string, count: number, options: LetterOptions = {}): OutgoingRecord[] {
  const partition = options.from?.partition ?? 0;
  return Array.from({ length: count }, (_, n) =>
    letter(topic, {
      value: `${partition}:${n}`,
      failedAt: FAILED_AT + n,
      ...options,
      from: { ...options.from, offset: n },
    }),
  );
}

function bytes(data: string | Buffer | null): Buffer | null {
  return typeof data === 'string' ? Buffer.from(data) : data;
}
