/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Header values as they stand in the log: bytes, or several of them under one name. */
export type RecordHeaders = Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;

/**
 * A record as the driver hands it over: raw bytes, nothing decoded.
 * `offset` is a number: exact up to 2^53, more than a partition that takes a million records a second
 * reaches in 285 years.
 */
export interface KafkaRecord extends TopicPartition {
  readonly offset: number;
  /** Milliseconds since the epoch, as the producer or the broker stamped it. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

/** Consecutive records of one partition, ascending in offset; gaps are normal (compaction, transactions). */
export interface RecordBatch extends TopicPartition {
  readonly records: readonly KafkaRecord[];
  /** Offset one past the last record a consumer can read now: what lag is measured against. */
  readonly highWatermark: number;
}

/** The key under which maps hold a partition. Topic names cannot contain `/`. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** Bytes a record counts for in the buffer: key, value, and a flat charge for the rest. */
export function recordBytes(record: KafkaRecord): number {
  return (record.key?.length ?? 0) + (record.value?.length ?? 0) + RECORD_OVERHEAD_BYTES;
}

/** A record's objects beside its bytes, measured at 150 to 250 bytes in V8. */
const RECORD_OVERHEAD_BYTES = 200;
