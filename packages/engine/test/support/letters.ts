import type { InMemoryCluster } from '@kafka-worker/testing';
import type { KafkaRecord } from '../../src/index.js';

/** A copy that was sent on, as a reader of its topic sees it. */
export interface Letter {
  readonly record: KafkaRecord;
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  /** As text, the last of several. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything in a dead-letter or retry topic. */
export function letters(cluster: InMemoryCluster, topic = 'dlq', partition?: number): Letter[] {
  return cluster.records(topic, partition).map((record) => ({
    record,
    partition: record.partition,
    key: record.key?.toString() ?? null,
    value: record.value?.toString() ?? null,
    headers: Object.fromEntries(
      Object.entries(record.headers).map(([name, value]) => [
        name,
        String(Array.isArray(value) ? value.at(-1) : value),
      ]),
    ),
  }));
}

/** `topic/partition/offset` of the record that a copy was made of. */
export function originOf({ headers }: Letter): string {
  const part = (name: string): string => headers[`kafka-worker-origin-${name}`] ?? '';
  return `${part('topic')}/${part('partition')}/${part('offset')}`;
}
