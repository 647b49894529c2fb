import { recordBytes, type KafkaRecord } from '@kafka-worker/engine';
import { compareOrigins, momentOf, type DeadLetter } from '../letters/dead-letter.js';

/** A record that is wanted, and what its headers say. */
export interface Found {
  readonly record: KafkaRecord;
  readonly letter: DeadLetter;
}

/** What waits of one partition at most: nothing more is taken until half of it is gone. */
const WAITING_RECORDS = 500;
const WAITING_BYTES = 8 * 1024 * 1024;

/** One partition under one ownership, read from where it stood to the end it had when the call was made. */
export class PartitionReading {
  /** False: handed over or lost; nothing of it may be used any more. */
  alive = true;
  /** The driver keeps records back until it is resumed. */
  full = false;
  /** Offset from which nothing came up to the end: markers of transactions, or what compaction has removed. */
  silentFrom: number | undefined;
  readonly #waiting: Found[] = [];
  #bytes = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    /** Next offset to come. */
    public position: number,
    public end: number,
  ) {}

  /** Everything up to the end has come. */
  get isRead(): boolean {
    return this.position >= this.end;
  }

  /** Everything up to the end has come and been taken. */
  get isOver(): boolean {
    return this.isRead && this.#waiting.length === 0;
  }

  /** True where it has something to show. */
  get shows(): boolean {
    return this.#waiting.length > 0;
  }

  /** True where its first record comes before that of the other. Both have one. */
  isBefore(other: PartitionReading): boolean {
    const [mine, theirs] = [this.#waiting[0]?.letter, other.#waiting[0]?.letter];
    if (mine === undefined || theirs === undefined) return mine !== undefined;
    return (momentOf(mine) - momentOf(theirs) || compareOrigins(mine, theirs)) < 0;
  }

  get hasRoom(): boolean {
    return this.#waiting.length < WAITING_RECORDS && this.#bytes < WAITING_BYTES;
  }

  /** Half of what may wait is gone, so that it is worth asking for more. */
  get wantsMore(): boolean {
    return this.#waiting.length <= WAITING_RECORDS / 2 && this.#bytes <= WAITING_BYTES / 2;
  }

  put(found: Found): void {
    this.#waiting.push(found);
    this.#bytes += recordBytes(found.record);
  }

  shift(): Found | undefined {
    const found = this.#waiting.shift();
    if (found !== undefined) this.#bytes -= recordBytes(found.record);
    return found;
  }

  /** Nothing more of it is wanted. */
  close(): void {
    this.#waiting.length = 0;
    this.#bytes = 0;
    this.position = Math.max(this.position, this.end);
  }
}
