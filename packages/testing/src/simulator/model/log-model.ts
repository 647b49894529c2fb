import type { Key } from '../scenario/scenario.js';

/** A record that was written. */
export interface LogRecord {
  readonly topic: number;
  readonly partition: number;
  readonly offset: number;
  readonly key: Key;
}

/** One partition as its producers know it. */
export class LogModel {
  /** Ascending in offset; what retention has removed is not in it. */
  readonly records: LogRecord[] = [];
  low = 0;

  add(record: LogRecord): void {
    this.records.push(record);
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
