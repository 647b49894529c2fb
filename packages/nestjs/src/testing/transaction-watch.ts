import { partitionKey, type KafkaRecord, type OutgoingRecord } from '@kafka-worker/engine';
import type { InMemoryCluster } from '@kafka-worker/testing';

/** A record that was sent in a transaction, and where it stands. */
export interface TransactedRecord {
  readonly sent: OutgoingRecord;
  readonly raw: KafkaRecord;
}

/**
 * Finds the records of a transaction in the log: its producer does not tell where they stand. To be called before it is
 * sent. @returns what finds them once it has ended: none where it was aborted, or where `isTaken` says that a record
 * belongs to somebody else.
 */
export function watchTransaction(
  cluster: InMemoryCluster,
  records: readonly OutgoingRecord[],
  isTaken: (raw: KafkaRecord) => boolean,
): () => TransactedRecord[] {
  const ends = new Map<string, number>();
  for (const raw of committed(cluster, records)) ends.set(partitionKey(raw.topic, raw.partition), raw.offset + 1);
  return () => {
    const left = committed(cluster, records).filter(
      (raw) => raw.offset >= (ends.get(partitionKey(raw.topic, raw.partition)) ?? 0) && !isTaken(raw),
    );
    return records.flatMap((sent) => {
      const index = left.findIndex((raw) => isSame(sent, raw));
      const [raw] = index < 0 ? [] : left.splice(index, 1);
      return raw ? [{ sent, raw }] : [];
    });
  };
}

/** Records of their topics that readers of the committed see. */
function committed(cluster: InMemoryCluster, records: readonly OutgoingRecord[]): KafkaRecord[] {
  return [...new Set(records.map(({ topic }) => topic))].flatMap((topic) => {
    try {
      return cluster.records(topic);
    } catch {
      return []; // it is still to be created
    }
  });
}

function isSame(sent: OutgoingRecord, raw: KafkaRecord): boolean {
  return (
    sent.topic === raw.topic &&
    (sent.partition === undefined || sent.partition === raw.partition) &&
    isEqual(sent.key ?? null, raw.key) &&
    isEqual(sent.value, raw.value)
  );
}

function isEqual(sent: Buffer | string | null, raw: Buffer | null): boolean {
  if (sent === null || raw === null) return sent === raw;
  return Buffer.from(sent as string).equals(raw);
}
