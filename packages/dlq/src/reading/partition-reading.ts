import { recordBytes, type KafkaRecord } from '@kafka-worker/engine';
import { compareOrigins, momentOf, type DeadLetter } from '../letters/dead-letter.js';

/** A record that is wanted, and what its headers say. */
export interface Found {
  readonly record: KafkaRecord;
  readonly letter: DeadLetter;
}

/** One that waits, with the moment by which its turn comes: never before that of the one in front of it. */
interface Waiting {
  readonly found: Found;
  readonly moment: number;
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
  readonly #waiting: Waiting[] = [];
  /** Clocks differ, and what was written first in a partition comes first whatever they say. */
  #moment = -Infinity;
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
    const [mine, theirs] = [this.#waiting[0], other.#waiting[0]];
    if (mine === undefined || theirs === undefined) return mine !== undefined;
    return (mine.moment - theirs.moment || compareOrigins(mine.found.letter, theirs.found.letter)) < 0;
  }

  get hasRoom(): boolean {
    return this.#waiting.length < WAITING_RECORDS && this.#bytes < WAITING_BYTES;
  }

  /** Half of what may wait is gone, so that it is worth asking for more. */
  get wantsMore(): boolean {
    return this.#waiting.length <= WAITING_RECORDS / 2 && this.#bytes <= WAITING_BYTES / 2;
  }

  put(found: Found): void {
    this.#moment = Math.max(this.#moment, momentOf(found.letter));
    this.#waiting.push({ found, moment: this.#moment });
    this.#bytes += recordBytes(found.record);
  }

  shift(): Found | undefined {
    const found = this.#waiting.shift()?.found;
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
