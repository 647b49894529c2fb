import {
  ORIGIN_HEADERS,
  readOrigin,
  type KafkaRecord,
  type RecordHeaders,
  type TopicPartition,
} from '@kafka-worker/engine';
import { headerBytes, headerText, REPLAYED_FROM_HEADER } from './headers.js';

/** The record that a dead letter was made from, and what it failed with. */
export interface DeadLetterOrigin extends TopicPartition {
  readonly offset: number;
  /** Of the record. Milliseconds since the epoch. */
  readonly timestamp: number;
  /** Whose member gave up on it. */
  readonly group: string | undefined;
  readonly worker: string | undefined;
  /** Attempts made in all. */
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly firstFailedAt: number;
  /** When it was given up. Milliseconds since the epoch. */
  readonly failedAt: number | undefined;
  readonly errorClass: string | undefined;
  /** Undefined where the worker was told to leave it out. */
  readonly errorMessage: string | undefined;
}

/** Bytes. Null: there is none. */
export interface DeadLetterSizes {
  readonly key: number | null;
  readonly value: number | null;
  /** Names and values, those that say where it came from included. */
  readonly headers: number;
}

/** What users sent; only where it was asked for. */
export interface DeadLetterPayload {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

/** One record of a dead-letter topic. */
export interface DeadLetter extends TopicPartition {
  readonly offset: number;
  /** When it was written here. Milliseconds since the epoch. */
  readonly timestamp: number;
  /** Undefined: foreign, its headers do not say where it came from. */
  readonly origin: DeadLetterOrigin | undefined;
  readonly sizes: DeadLetterSizes;
  /** Where the dead letter stood that this record was replayed from before it failed once more. */
  readonly replayedFrom: string | undefined;
}

/** What the headers of a record say. */
export function toDeadLetter(record: KafkaRecord): DeadLetter {
  const { topic, partition, offset, timestamp, key, value, headers } = record;
  return {
    topic,
    partition,
    offset,
    timestamp,
    origin: originOf(record),
    sizes: { key: key?.length ?? null, value: value?.length ?? null, headers: headerBytes(headers) },
    replayedFrom: headerText(headers, REPLAYED_FROM_HEADER),
  };
}

function originOf(record: KafkaRecord): DeadLetterOrigin | undefined {
  const origin = readOrigin(record);
  if (origin === undefined) return undefined;
  const { headers } = record;
  const failedAt = Number(headerText(headers, ORIGIN_HEADERS.failedAt) ?? NaN);
  return {
    ...origin,
    group: headerText(headers, ORIGIN_HEADERS.group),
    worker: headerText(headers, ORIGIN_HEADERS.worker),
    failedAt: Number.isFinite(failedAt) ? failedAt : undefined,
    errorClass: headerText(headers, ORIGIN_HEADERS.errorClass),
    errorMessage: headerText(headers, ORIGIN_HEADERS.errorMessage),
  };
}

/** When a record was given up on: the order of these keeps that of every lane. Milliseconds since the epoch. */
export function momentOf({ origin, timestamp }: DeadLetter): number {
  return origin?.failedAt ?? timestamp;
}

/** The order of those of one moment. Negative: `a` comes first. */
export function compareOrigins(a: DeadLetter, b: DeadLetter): number {
  return (
    compareText(a.origin?.topic, b.origin?.topic) ||
    (a.origin?.partition ?? -1) - (b.origin?.partition ?? -1) ||
    (a.origin?.offset ?? -1) - (b.origin?.offset ?? -1) ||
    a.partition - b.partition
  );
}

function compareText(a = '', b = ''): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
