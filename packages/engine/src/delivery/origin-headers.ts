import type { KafkaRecord, RecordHeaders } from '../driver/record.js';
import type { RecordOrigin } from './delivery.js';
import type { Failure } from './failure-policy.js';

/** Headers of dead letters and of records in retry topics; all of them text. The record's own stay as they are beside them. */
export const ORIGIN_HEADERS = {
  topic: 'kafka-worker-origin-topic',
  partition: 'kafka-worker-origin-partition',
  offset: 'kafka-worker-origin-offset',
  /** Milliseconds since the epoch. */
  timestamp: 'kafka-worker-origin-timestamp',
  group: 'kafka-worker-group',
  worker: 'kafka-worker-worker',
  /** Attempts made in all, over every retry topic. */
  attempts: 'kafka-worker-attempts',
  /** Milliseconds since the epoch. */
  firstFailedAt: 'kafka-worker-first-failed-at',
  /** Milliseconds since the epoch. */
  failedAt: 'kafka-worker-failed-at',
  errorClass: 'kafka-worker-error-class',
  errorMessage: 'kafka-worker-error-message',
  errorStack: 'kafka-worker-error-stack',
  /** Retry topics: not to be handled before. Milliseconds since the epoch. */
  dueAt: 'kafka-worker-due-at',
  /** Retry topics: how many of the delays have been used, this one included. */
  delaysUsed: 'kafka-worker-delays-used',
} as const;

/** Characters. */
const MESSAGE_CHARS = 1024;
const STACK_CHARS = 4096;

/** Where a record in a retry topic of ours came from; undefined where its headers do not say. */
export function readOrigin({ headers }: KafkaRecord): RecordOrigin | undefined {
  const topic = text(headers, ORIGIN_HEADERS.topic);
  const partition = number(headers, ORIGIN_HEADERS.partition);
  const offset = number(headers, ORIGIN_HEADERS.offset);
  if (topic === undefined || partition === undefined || offset === undefined) return undefined;
  const timestamp = number(headers, ORIGIN_HEADERS.timestamp) ?? 0;
  return {
    topic,
    partition,
    offset,
    timestamp,
    attempts: number(headers, ORIGIN_HEADERS.attempts) ?? 0,
    firstFailedAt: number(headers, ORIGIN_HEADERS.firstFailedAt) ?? timestamp,
  };
}

/** How many delays a record in a retry topic has used. */
export function readDelaysUsed({ headers }: KafkaRecord): number {
  return number(headers, ORIGIN_HEADERS.delaysUsed) ?? 0;
}

/** When a record in a retry topic may be handled; undefined where it does not say. Milliseconds since the epoch. */
export function readDueAt({ headers }: KafkaRecord): number | undefined {
  return number(headers, ORIGIN_HEADERS.dueAt);
}

/** What is written of a failure. */
export interface FailureFacts {
  readonly failure: Failure;
  /** Of the record, where it came through a retry topic of the worker. */
  readonly origin: RecordOrigin | undefined;
  /** Milliseconds since the epoch. Left out: as the origin says, else now. */
  readonly firstFailedAt?: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly include: { readonly message: boolean; readonly stack: boolean };
}

/** The headers that say where a record came from and what it failed with. */
export function failureHeaders(
  record: KafkaRecord,
  { failure, origin, firstFailedAt, now, include }: FailureFacts,
): RecordHeaders {
  const from = origin ?? record;
  const { error } = failure;
  return {
    [ORIGIN_HEADERS.topic]: from.topic,
    [ORIGIN_HEADERS.partition]: String(from.partition),
    [ORIGIN_HEADERS.offset]: String(from.offset),
    [ORIGIN_HEADERS.timestamp]: String(from.timestamp),
    [ORIGIN_HEADERS.group]: failure.groupId,
    [ORIGIN_HEADERS.worker]: failure.worker,
    [ORIGIN_HEADERS.attempts]: String(failure.attempts),
    [ORIGIN_HEADERS.firstFailedAt]: String(firstFailedAt ?? origin?.firstFailedAt ?? now),
    [ORIGIN_HEADERS.failedAt]: String(now),
    [ORIGIN_HEADERS.errorClass]: String(error.name === 'Error' ? error.constructor.name : error.name),
    ...(include.message ? { [ORIGIN_HEADERS.errorMessage]: String(error.message).slice(0, MESSAGE_CHARS) } : {}),
    ...(include.stack && error.stack !== undefined
      ? { [ORIGIN_HEADERS.errorStack]: String(error.stack).slice(0, STACK_CHARS) }
      : {}),
  };
}

/** The record's headers without those of ours: what it was sent with first. */
export function withoutOriginHeaders(headers: RecordHeaders): RecordHeaders {
  const ours = new Set<string>(Object.values(ORIGIN_HEADERS));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ours.has(name)));
}

function text(headers: RecordHeaders, name: string): string | undefined {
  const value = headers[name];
  const one = Array.isArray(value) ? value.at(-1) : value;
  return one?.toString();
}

function number(headers: RecordHeaders, name: string): number | undefined {
  const value = text(headers, name);
  if (value === undefined || !/^\d{1,16}$/.test(value)) return undefined;
  return Number(value);
}
