import type { KafkaRecord, OutgoingRecord, RecordHeaders } from '@kafka-worker/engine';
import type { InMemoryCluster } from '../../cluster.js';
import type { LogRecord } from '../model/log-model.js';
import { numberOf } from '../model/names.js';
import { topicName } from '../scenario/scenario.js';

/** What the headers of a copy say; written from `docs/failures.md`, so that the engine's own reader cannot agree with itself. */
export interface Copy {
  readonly group: number;
  /** `topic/partition/offset` */
  readonly origin: string;
  /** Milliseconds since the epoch; undefined: a dead letter. */
  readonly dueAt: number | undefined;
}

/** Undefined where the record is no copy. */
export function copyOf({ headers = {} }: Pick<KafkaRecord | OutgoingRecord, 'headers'>): Copy | undefined {
  const topic = text(headers, 'origin-topic');
  if (topic === undefined) return undefined;
  const dueAt = text(headers, 'due-at');
  return {
    group: numberOf(text(headers, 'group') ?? ''),
    origin: `${topic}/${text(headers, 'origin-partition')}/${text(headers, 'origin-offset')}`,
    dueAt: dueAt === undefined ? undefined : Number(dueAt),
  };
}

/** What stands in a partition of a retry topic. */
export function retryRecords(cluster: InMemoryCluster, topic: number, partition: number): LogRecord[] {
  return cluster.records(topicName(topic), partition).map((record) => {
    const { origin = '', dueAt = 0 } = copyOf(record) ?? {};
    const key = record.key === null ? null : numberOf(record.key.toString());
    return { topic, partition, offset: record.offset, key, dueAt, origin };
  });
}

function text(headers: RecordHeaders, name: string): string | undefined {
  return headers[`kafka-worker-${name}`]?.toString();
}
