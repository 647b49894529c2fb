import type { KafkaRecord } from '../driver/record.js';
import type { OutgoingRecord } from '../driver/driver.js';
import type { Delivery, RecordOrigin } from './delivery.js';
import { DeliveryAbortedError, type Task } from './task.js';

/**
 * One attempt of a worker with a timeout. Such an attempt can be given up while its handler still runs, and the record
 * can be with a later attempt then: what the old handler holds must not show it the new one's number and signal.
 */
export class TimedDelivery implements Delivery {
  readonly attempt: number;
  readonly #run: number;
  readonly #task: Task;

  constructor(task: Task) {
    this.attempt = task.attempt;
    this.#run = task.run;
    this.#task = task;
  }

  get record(): KafkaRecord {
    return this.#task.record;
  }

  get worker(): string {
    return this.#task.worker;
  }

  get groupId(): string {
    return this.#task.groupId;
  }

  get highWatermark(): number {
    return this.#task.highWatermark;
  }

  get signal(): AbortSignal {
    if (this.#task.run === this.#run) return this.#task.signal;
    return AbortSignal.abort(new DeliveryAbortedError('timeout'));
  }

  get origin(): RecordOrigin | undefined {
    return this.#task.origin;
  }

  get transaction(): unknown {
    return this.#task.transaction;
  }

  send(records: OutgoingRecord | readonly OutgoingRecord[]): void {
    this.#task.send(records);
  }

  commit(): Promise<void> {
    return this.#task.commit();
  }
}
