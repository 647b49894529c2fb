import type { KafkaRecord } from '@kafka-worker/engine';

/** How many records one offer out of a stash holds at most: bounds what is copied when little of it is taken. */
const OFFER_RECORDS = 1024;

/**
 * Records that were fetched and not taken yet, oldest first. A partition is fetched again when half of the last
 * response is left, so that the next one is here when it is used up; so it holds one and a half responses at most,
 * and another where two brokers' loops met a partition that moved.
 */
export class Stash {
  /** Ascending in offset. Those before `start` have been taken. */
  private records: readonly KafkaRecord[] = [];
  private start = 0;
  /** With this many left the partition may be fetched again. */
  lowWater = 0;

  get size(): number {
    return this.records.length - this.start;
  }

  /** Keeps what is left of a batch of which `taken` records were taken. Without a copy. */
  put(records: readonly KafkaRecord[], taken: number): void {
    this.lowWater = records.length >> 1;
    if (this.size > 0) return this.append(taken === 0 ? records : records.slice(taken));
    this.records = records;
    this.start = taken;
    this.release();
  }

  /** The next records to offer, without taking them. */
  peek(): readonly KafkaRecord[] {
    if (this.start === 0 && this.records.length <= OFFER_RECORDS) return this.records;
    return this.records.slice(this.start, this.start + OFFER_RECORDS);
  }

  take(count: number): void {
    this.start += count;
    this.release();
  }

  /** Throws away everything below an offset. */
  trim(offset: number): void {
    while (this.start < this.records.length && (this.records[this.start] as KafkaRecord).offset < offset) this.start++;
    this.release();
  }

  clear(): void {
    this.records = [];
    this.start = 0;
  }

  private append(records: readonly KafkaRecord[]): void {
    this.records = this.records.slice(this.start).concat(records);
    this.start = 0;
  }

  /** Records that were taken are let go at the latest when they are the larger half. */
  private release(): void {
    if (this.start >= this.records.length) return this.clear();
    if (this.start > OFFER_RECORDS && this.start * 2 > this.records.length) {
      this.records = this.records.slice(this.start);
      this.start = 0;
    }
  }
}
