import { type CommittedOffset, type OffsetCommit, partitionKey, type TopicPartition } from '@kafka-worker/engine';

/** A stored offset: the next one to read, and the metadata that came with it. */
export interface StoredOffset {
  readonly offset: number;
  readonly metadata: string;
}

/** What a group has committed. Outlives its members. */
export class OffsetStore {
  readonly #offsets = new Map<string, StoredOffset & TopicPartition>();

  put({ topic, partition, offset, metadata }: OffsetCommit): void {
    this.#offsets.set(partitionKey(topic, partition), { topic, partition, offset, metadata });
  }

  get({ topic, partition }: TopicPartition): StoredOffset | undefined {
    const stored = this.#offsets.get(partitionKey(topic, partition));
    return stored && { offset: stored.offset, metadata: stored.metadata };
  }

  /** The same in the words of the driver port: negative counts as nothing. */
  committed({ topic, partition }: TopicPartition): CommittedOffset {
    const stored = this.get({ topic, partition });
    if (!stored || stored.offset < 0) return { topic, partition, offset: undefined, metadata: '' };
    return { topic, partition, ...stored };
  }

  partitions(): TopicPartition[] {
    return [...this.#offsets.values()].map(({ topic, partition }) => ({ topic, partition }));
  }
}
