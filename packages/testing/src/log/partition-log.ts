import type { KafkaRecord, LogRange, TopicPartition } from '@kafka-worker/engine';

/** What a record is made of before it has an offset. */
export type Appended = Pick<KafkaRecord, 'key' | 'value' | 'headers' | 'timestamp'>;

/** One partition: records in order of their offsets, which may have gaps. */
export class PartitionLog implements TopicPartition {
  /** Invariant: ascending by offset, all within `[low, high)`. */
  readonly #records: KafkaRecord[] = [];
  readonly #readers = new Set<() => void>();
  #low = 0;
  #high = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  /** Offset of the first record that still exists, or where it would be. */
  get low(): number {
    return this.#low;
  }

  /** One past the last offset given out. */
  get high(): number {
    return this.#high;
  }

  get range(): LogRange {
    return { topic: this.topic, partition: this.partition, low: this.#low, high: this.#high };
  }

  /** Returns the offset given to the record. */
  append(record: Appended): number {
    const offset = this.#high++;
    this.#records.push({ topic: this.topic, partition: this.partition, offset, ...record });
    this.#wakeReaders();
    return offset;
  }

  /** Gives out `count` offsets to no record, as markers of transactions and compaction leave them behind. */
  skip(count: number): void {
    this.#high += count;
    this.#wakeReaders();
  }

  /** Cuts the log from the front: `offset` becomes the low end, at most the high end. */
  deleteBefore(offset: number): void {
    this.#low = Math.max(this.#low, Math.min(offset, this.#high));
    this.#records.splice(0, this.#indexOf(this.#low));
    this.#wakeReaders();
  }

  /** Cuts the log from the back: `offset` becomes the high end, at least the low end. */
  truncate(offset: number): void {
    this.#high = Math.max(this.#low, Math.min(offset, this.#high));
    this.#records.splice(this.#indexOf(this.#high));
    this.#wakeReaders();
  }

  /** Up to `max` records from `offset` on; those that do not exist are passed over. */
  read(offset: number, max: number): KafkaRecord[] {
    const from = this.#indexOf(offset);
    return this.#records.slice(from, from + max);
  }

  /** True where `read(offset)` would find something. */
  hasFrom(offset: number): boolean {
    const last = this.#records.at(-1);
    return last !== undefined && last.offset >= offset;
  }

  all(): readonly KafkaRecord[] {
    return this.#records;
  }

  /** `wake` is called whenever the log has changed, in the call that changes it. Returns what ends it. */
  watch(wake: () => void): () => void {
    this.#readers.add(wake);
    return () => this.#readers.delete(wake);
  }

  #wakeReaders(): void {
    for (const wake of this.#readers) wake();
  }

  /** Index of the first record at or after `offset`. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#records[middle] as KafkaRecord).offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
