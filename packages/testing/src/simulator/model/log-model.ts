import type { Key } from '../scenario/scenario.js';

/** A record that was written. */
export interface LogRecord {
  readonly topic: number;
  readonly partition: number;
  readonly offset: number;
  readonly key: Key;
  /** Retry topics: not to be handled before. Milliseconds since the epoch. */
  readonly dueAt?: number;
  /** Retry topics: `topic/partition/offset` of the record that it is a copy of. */
  readonly origin?: string;
}

/** `topic/partition/offset` where the record stood first. */
export function originOf({ origin, topic, partition, offset }: LogRecord): string {
  return origin ?? `t${topic}/${partition}/${offset}`;
}

/** One partition as its producers know it. */
export class LogModel {
  /** Ascending in offset; what retention has removed is not in it. */
  readonly records: LogRecord[] = [];
  low = 0;

  /** Of a transaction a record may be added after later ones were. */
  add(record: LogRecord): void {
    const at = this.records.findLastIndex(({ offset }) => offset < record.offset);
    this.records.splice(at + 1, 0, record);
  }

  /** Only these are left. */
  keep(offsets: ReadonlySet<number>): void {
    const kept = this.records.filter(({ offset }) => offsets.has(offset));
    this.records.splice(0, this.records.length, ...kept);
  }

  /** Everything there is, anew. */
  replace(records: readonly LogRecord[]): void {
    this.records.splice(0, this.records.length, ...records);
  }

  removeBefore(offset: number): void {
    this.low = Math.max(this.low, offset);
    while (this.records.length > 0 && (this.records[0] as LogRecord).offset < this.low) this.records.shift();
  }

  /** Records with offsets in `[from, to)`. */
  between(from: number, to: number): LogRecord[] {
    return this.records.filter(({ offset }) => offset >= from && offset < to);
  }
}
