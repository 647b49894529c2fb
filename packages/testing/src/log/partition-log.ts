import type { KafkaRecord, LogRange, TopicPartition } from '@kafka-worker/engine';

/** What a record is made of before it has an offset. */
export type Appended = Pick<KafkaRecord, 'key' | 'value' | 'headers' | 'timestamp'>;

/** How the transaction a record belongs to has ended. */
export interface RecordFate {
  readonly state: 'open' | 'committed' | 'aborted';
}

/** Which records a reader gets to see: those of transactions that are open or aborted too, or not. */
export type Isolation = 'read-committed' | 'read-uncommitted';

interface Entry {
  readonly record: KafkaRecord;
  /** Undefined: written outside of any transaction. */
  readonly fate: RecordFate | undefined;
}

/** One partition: records in order of their offsets, which may have gaps. */
export class PartitionLog implements TopicPartition {
  /** Invariant: ascending by offset, all within `[low, high)`. */
  readonly #entries: Entry[] = [];
  /** Where each open transaction begins here. Invariant: ascending, since offsets are given out in order. */
  readonly #open = new Map<RecordFate, number>();
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

  /** Where reading ends: the last stable offset, or for the uncommitted the high end. */
  end(isolation: Isolation): number {
    if (isolation === 'read-uncommitted') return this.#high;
    for (const offset of this.#open.values()) return offset;
    return this.#high;
  }

  range(isolation: Isolation): LogRange {
    return { topic: this.topic, partition: this.partition, low: this.#low, high: this.end(isolation) };
  }

  /** Returns the offset given to the record. With `fate` it belongs to an open transaction. */
  append(record: Appended, fate?: RecordFate): number {
    const offset = this.#high++;
    if (fate && !this.#open.has(fate)) this.#open.set(fate, offset);
    this.#entries.push({ record: { topic: this.topic, partition: this.partition, offset, ...record }, fate });
    this.#wakeReaders();
    return offset;
  }

  /** The marker that ends a transaction, committed or aborted: takes an offset and is no record. */
  mark(fate: RecordFate): void {
    this.#open.delete(fate);
    this.skip(1);
  }

  /** Gives out `count` offsets to no record, as markers of transactions and compaction leave them behind. */
  skip(count: number): void {
    this.#high += count;
    this.#wakeReaders();
  }

  /** Cuts the log from the front: `offset` becomes the low end, at most the high end. */
  deleteBefore(offset: number): void {
    this.#low = Math.max(this.#low, Math.min(offset, this.#high));
    this.#entries.splice(0, this.#indexOf(this.#low));
    this.#wakeReaders();
  }

  /** Cuts the log from the back: `offset` becomes the high end, at least the low end. */
  truncate(offset: number): void {
    this.#high = Math.max(this.#low, Math.min(offset, this.#high));
    this.#entries.splice(this.#indexOf(this.#high));
    for (const [fate, first] of this.#open) if (first >= this.#high) this.#open.delete(fate);
    this.#wakeReaders();
  }

  /**
   * Leaves of each key its last record, and of aborted transactions and records without a key none; the others' offsets
   * become gaps. What an open transaction holds up stays as it is, and neither end moves.
   */
  compact(keepTombstones: boolean): void {
    const until = this.#indexOf(this.end('read-committed'));
    const settled = this.#entries.splice(0, until).filter(({ fate }) => fate?.state !== 'aborted');
    const last = new Map<string, Entry>();
    for (const entry of settled) if (entry.record.key) last.set(entry.record.key.toString('latin1'), entry);
    const kept = new Set([...last.values()].filter(({ record }) => keepTombstones || record.value !== null));
    this.#entries.unshift(...settled.filter((entry) => kept.has(entry)));
    this.#wakeReaders();
  }

  /** Up to `max` records from `offset` on; those that do not exist, or that the reader must not see, are passed over. */
  read(offset: number, max: number, isolation: Isolation): KafkaRecord[] {
    const records: KafkaRecord[] = [];
    const end = this.end(isolation);
    for (let i = this.#indexOf(offset); i < this.#entries.length && records.length < max; i++) {
      const { record, fate } = this.#entries[i] as Entry;
      if (record.offset >= end) break;
      if (isolation === 'read-uncommitted' || fate?.state !== 'aborted') records.push(record);
    }
    return records;
  }

  /** Of the first record that was written at `timestamp` (milliseconds since the epoch) or later, else the high end. */
  offsetAt(timestamp: number): number {
    return this.#entries.find(({ record }) => record.timestamp >= timestamp)?.record.offset ?? this.#high;
  }

  /** Every record that counts: those of open and aborted transactions do not. */
  all(): KafkaRecord[] {
    return this.#entries.filter(({ fate }) => !fate || fate.state === 'committed').map(({ record }) => record);
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
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Entry).record.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
