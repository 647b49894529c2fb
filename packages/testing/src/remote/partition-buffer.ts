import type { KafkaRecord } from '@kafka-worker/engine';

/** Records of one partition that have arrived and were not taken by the engine yet. */
export class PartitionBuffer {
  /** Only batches of this epoch are let in. */
  epoch: number;
  /** Where the next record to offer is, or will be. Undefined before the first, where the server chose. */
  position: number | undefined;
  paused = false;
  /** The engine took fewer than were offered. */
  full = false;
  /** Being revoked, or waiting for `assigned`. */
  held = false;
  highWatermark = 0;
  #records: readonly KafkaRecord[] = [];

  constructor(
    readonly topic: string,
    readonly partition: number,
    epoch: number,
  ) {
    this.epoch = epoch;
  }

  get ready(): boolean {
    return this.#records.length > 0 && !this.paused && !this.full && !this.held;
  }

  /** Throws away what is there and goes on elsewhere; whether the engine has room is asked again. */
  jump(position: number | undefined, epoch: number): void {
    this.#records = [];
    this.position = position;
    this.epoch = epoch;
    this.full = false;
  }

  add(records: readonly KafkaRecord[], highWatermark: number): void {
    this.#records = this.#records.length === 0 ? records : [...this.#records, ...records];
    this.highWatermark = highWatermark;
  }

  offer(max: number): readonly KafkaRecord[] {
    return this.#records.slice(0, max);
  }

  take(count: number): void {
    const last = this.#records[count - 1];
    if (!last) return;
    this.#records = this.#records.slice(count);
    this.position = last.offset + 1;
  }
}
