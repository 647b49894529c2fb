import type { OutgoingRecord, RecordHeaders, RecordMetadata } from '@kafka-worker/engine';
import type { RecordFate } from './partition-log.js';
import type { Partitioner } from './partitioner.js';
import type { Topics } from './topics.js';

/**
 * Writes records to their logs, all or none. Throws `TOPIC_MISSING`.
 * `now`: stamp of records that bring none, milliseconds since the epoch. `fate`: the transaction they belong to.
 */
export function appendAll(
  topics: Topics,
  partitioner: Partitioner,
  records: readonly OutgoingRecord[],
  now: number,
  fate?: RecordFate,
): RecordMetadata[] {
  const placed = records.map((record) => {
    const key = toBuffer(record.key);
    const partitions = topics.get(record.topic).partitions.length;
    const partition = record.partition ?? partitioner.choose(record.topic, key, partitions);
    return { record, key, log: topics.log({ topic: record.topic, partition }) };
  });
  return placed.map(({ record, key, log }) => {
    const timestamp = record.timestamp ?? now;
    const value = toBuffer(record.value);
    const offset = log.append({ key, value, headers: toHeaders(record.headers), timestamp }, fate);
    return { topic: log.topic, partition: log.partition, offset };
  });
}

function toBuffer(bytes: Buffer | string | null | undefined): Buffer | null {
  if (bytes === null || bytes === undefined) return null;
  return Buffer.from(bytes as string);
}

/** Header values come out of a log as bytes, whatever they went in as. */
function toHeaders(headers: RecordHeaders = {}): RecordHeaders {
  const bytes: Record<string, Buffer | Buffer[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    bytes[name] = Array.isArray(value) ? value.map((v) => Buffer.from(v as string)) : Buffer.from(value as string);
  }
  return bytes;
}
