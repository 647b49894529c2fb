import type { OutgoingRecord } from '@kafka-worker/engine';
import { murmur2 } from './murmur2.js';

/** Chooses partitions: the one that is named, by key as the Java client does, and in turn without a key. */
export class Partitioner {
  /** Where the next record without a key goes, by topic. */
  private readonly turn = new Map<string, number>();

  choose({ topic, partition, key }: OutgoingRecord, partitions: number): number {
    if (partition !== undefined) return partition;
    if (key !== undefined && key !== null) {
      // Java takes the sign away by clearing the bit, not by Math.abs, which differs for every negative hash.
      return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions;
    }
    const next = this.turn.get(topic) ?? Math.floor(Math.random() * partitions);
    this.turn.set(topic, next + 1);
    return next % partitions;
  }
}
