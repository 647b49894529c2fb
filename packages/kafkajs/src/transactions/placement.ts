import { KafkaWorkerError, partitionKey, type DriverTransaction, type OutgoingRecord } from '@kafka-worker/engine';
import type { PartitionCounts } from '../producer/partition-counts.js';
import { Partitioner } from '../producer/partitioner.js';

/** Records for one partition, in the order given. */
export interface PlacedRecords {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly OutgoingRecord[];
}

/** Says where the records of a transaction go, before anything of it is sent. */
export class Placement {
  private readonly partitioner = new Partitioner();

  constructor(private readonly counts: PartitionCounts) {}

  /** Throws `TOPIC_MISSING` where a topic or a partition of it does not exist, those of the offsets included. */
  async place({ records, offsets }: DriverTransaction): Promise<PlacedRecords[]> {
    const named = [...records, ...offsets];
    await this.know(named.map(({ topic }) => topic));
    // The topic may have been given more partitions since it was asked for.
    const outside = named.filter((place) => this.isOutside(place)).map(({ topic }) => topic);
    for (const topic of outside) this.counts.doubt(topic);
    await this.know(outside);
    for (const place of named) {
      if (this.isOutside(place))
        throw new KafkaWorkerError('TOPIC_MISSING', `${place.topic} has no partition ${String(place.partition)}`);
    }
    const byPartition = new Map<string, { topic: string; partition: number; records: OutgoingRecord[] }>();
    for (const record of records) {
      const { topic } = record;
      const partition = this.partitioner.choose(record, this.counts.count(topic));
      const key = partitionKey(topic, partition);
      const placed = byPartition.get(key);
      if (placed) placed.records.push(record);
      else byPartition.set(key, { topic, partition, records: [record] });
    }
    return [...byPartition.values()];
  }

  private async know(topics: readonly string[]): Promise<void> {
    const unknown = new Set(topics.filter((topic) => this.counts.known(topic) === undefined));
    await Promise.all([...unknown].map((topic) => this.counts.load(topic)));
  }

  private isOutside({ topic, partition }: { readonly topic: string; readonly partition?: number }): boolean {
    return partition !== undefined && (partition < 0 || partition >= this.counts.count(topic));
  }
}
