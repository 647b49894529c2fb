import type { OutgoingRecord } from '../driver/driver.js';
import type { KafkaRecord } from '../driver/record.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { PartitionClaim } from '../stores/transactional-store.js';
import type { Delivery, RecordOrigin } from './delivery.js';
import { DeliveryAbortedError, type Task } from './task.js';

/**
 * One attempt as an object of its own. Needed where a handler may hold on to it when the record is with a later attempt
 * already: with a timeout, where an attempt is given up while its handler runs, and with transactions, where what an
 * attempt sends must not get into the next one's. Elsewhere the task itself is the delivery, to spare an object a record.
 */
export class Attempt implements Delivery {
  readonly attempt: number;
  readonly record: KafkaRecord;
  readonly queuedMs: number | undefined;
  /** With `exactlyOnce`: set for as long as the transaction is open. */
  transaction: unknown;
  readonly #run: number;
  readonly #task: Task;

  constructor(task: Task) {
    this.attempt = task.attempt;
    this.record = task.record;
    this.queuedMs = task.queuedMs;
    this.#run = task.run;
    this.#task = task;
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

  get traceId(): string | undefined {
    return this.#isCurrent ? this.#task.traceId : undefined;
  }

  get origin(): RecordOrigin | undefined {
    return this.#task.origin;
  }

  get claim(): PartitionClaim | undefined {
    return this.#task.assignment.claim;
  }

  get signal(): AbortSignal {
    if (this.#isCurrent) return this.#task.signal;
    return AbortSignal.abort(new DeliveryAbortedError('timeout'));
  }

  /** False from the moment on in which its result would be dropped. */
  get counts(): boolean {
    const task = this.#task;
    return this.#isCurrent && task.assignment.alive && task.aborted !== 'timeout';
  }

  send(records: OutgoingRecord | readonly OutgoingRecord[]): void {
    const task = this.#task;
    if (task.assignment.outbox === undefined) return task.send(records);
    if (!this.#isCurrent || task.state !== 'running') {
      throw new KafkaWorkerError('NOT_RUNNING', 'this attempt is over; what it sends is in no transaction');
    }
    (task.outbox ??= []).push(...('topic' in records ? [records] : records));
  }

  commit(): Promise<void> {
    if (this.#isCurrent) return this.#task.commit();
    return Promise.reject(new KafkaWorkerError('NOT_RUNNING', 'this attempt was given up: its timeout is over'));
  }

  get #isCurrent(): boolean {
    return this.#task.run === this.#run;
  }
}
