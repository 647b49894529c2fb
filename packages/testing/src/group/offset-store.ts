import { type CommittedOffset, type OffsetCommit, partitionKey, type TopicPartition } from '@kafka-worker/engine';

/** A stored offset: the next one to read, and the metadata that came with it. */
export interface StoredOffset {
  readonly offset: number;
  readonly metadata: string;
}

interface Entry extends OffsetCommit {
  /** When it was written, in the order of all writes to this store. */
  readonly turn: number;
}

/** What a group has committed. Outlives its members. */
export class OffsetStore {
  readonly #offsets = new Map<string, Entry>();
  /** Offsets of open transactions, by transaction. */
  readonly #pending = new Map<object, Map<string, Entry>>();
  #turn = 0;

  put(offset: OffsetCommit): void {
    this.#offsets.set(keyOf(offset), this.#entry(offset));
  }

  /** Is stored once the transaction has ended with a commit. */
  putPending(transaction: object, offset: OffsetCommit): void {
    let pending = this.#pending.get(transaction);
    if (!pending) this.#pending.set(transaction, (pending = new Map()));
    pending.set(keyOf(offset), this.#entry(offset));
  }

  /** A commit that was written after the transaction's own stands. */
  endPending(transaction: object, committed: boolean): void {
    const pending = this.#pending.get(transaction);
    this.#pending.delete(transaction);
    if (!pending || !committed) return;
    for (const [key, entry] of pending) {
      if ((this.#offsets.get(key)?.turn ?? -1) < entry.turn) this.#offsets.set(key, entry);
    }
  }

  get(partition: TopicPartition): StoredOffset | undefined {
    const stored = this.#offsets.get(keyOf(partition));
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

  #entry({ topic, partition, offset, metadata }: OffsetCommit): Entry {
    return { topic, partition, offset, metadata, turn: this.#turn++ };
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}
