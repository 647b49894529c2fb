import type { Clock } from '../clock.js';
import type { OutgoingRecord, RecordMetadata } from '../driver/driver.js';
import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { EventHub } from '../events/emitter.js';
import { exponential } from './backoff.js';
import { freeze } from './failure-policy.js';
import type { Freezer } from './freezer.js';
import { type Settler, whichIs } from './settler.js';
import type { Task } from './task.js';

/** How often a copy is sent before its lane freezes; each try is patient already, since the client tries by itself. */
const TRIES = 5;
const backoff = exponential({ initialMs: 500, maxMs: 10_000 });

/** A lane whose copy could not be sent tries again by itself: what was missing is a broker, not an operator. */
const unsent = freeze('key', { unfreezeAfterMs: 30_000 });

/** Where copies go. */
export interface ForwardSite {
  /** Resolves when the broker has them. */
  send(records: readonly OutgoingRecord[]): Promise<readonly RecordMetadata[]>;
  /** How many partitions a topic has; 0: it was not there at the start. */
  partitions(topic: string): number;
}

/** What a record is settled with once something has been acknowledged. */
export interface ForwardPlan {
  readonly disposition: 'skipped' | 'dead-lettered' | 'retried-later';
  readonly error: Error | undefined;
  /** Undefined: nothing is sent, the record is only marked in the store. */
  readonly copy: OutgoingRecord | undefined;
}

/** What a forwarder works with. */
export interface ForwarderSite {
  readonly clock: Clock;
  readonly events: EventHub;
  readonly settler: Settler;
  readonly freezer: Freezer;
  readonly site: ForwardSite;
  /** The lane waits no more: its record is settled or frozen. */
  ended(task: Task): void;
}

/**
 * Settles records by something that has to be acknowledged first: a copy in a dead-letter or retry topic, a mark in the
 * store. Until then the lane waits. A partition that is gone gets nothing more sent; what is under way then is dropped,
 * and the next owner does it again.
 */
export class Forwarder {
  constructor(readonly parts: ForwarderSite) {}

  /**
   * The record is at the head of its lane, and nothing of it runs.
   * @returns false where it is settled already: nothing had to be acknowledged.
   */
  forward(task: Task, plan: ForwardPlan): boolean {
    const partition = task.assignment;
    if (partition.outbox !== undefined) {
      // the copy is part of the transaction that commits the record
      if (plan.copy !== undefined) partition.outbox.push(plan.copy);
      this.parts.settler.settle(task, plan.disposition, plan.error);
      return false;
    }
    if (plan.copy === undefined && partition.claim === undefined) {
      this.parts.settler.settle(task, plan.disposition, plan.error);
      return false;
    }
    task.state = 'forwarding';
    task.lane.state = 'waiting';
    this.#try(task, plan, 1);
    return true;
  }

  #try(task: Task, plan: ForwardPlan, nth: number): void {
    const partition = task.assignment;
    partition.forwarding++;
    this.#send(task, plan).then(
      (to) => {
        partition.forwarding--;
        if (task.state === 'forwarding') {
          this.parts.settler.settle(task, plan.disposition, plan.error, to);
          this.parts.ended(task);
        } else {
          this.parts.events.emit({ type: 'record.late', ...whichIs(task), outcome: 'done' });
        }
        partition.becameIdle();
      },
      (thrown: unknown) => {
        partition.forwarding--;
        if (task.state === 'forwarding') this.#failed(task, plan, nth, ensureError(thrown));
        partition.becameIdle();
      },
    );
  }

  async #send(task: Task, plan: ForwardPlan): Promise<RecordMetadata | undefined> {
    const sent = plan.copy === undefined ? undefined : (await this.parts.site.send([plan.copy]))[0];
    // a mark that fails after this means a second copy: no worse than what a crash in between does
    if (task.assignment.alive) await task.assignment.claim?.transact(task.offset, () => undefined);
    return sent;
  }

  #failed(task: Task, plan: ForwardPlan, nth: number, cause: Error): void {
    const { events, freezer } = this.parts;
    const partition = task.assignment;
    const to = plan.copy?.topic ?? 'the store';
    if (KafkaWorkerError.is(cause) && cause.code === 'STORE_FENCED') {
      partition.owner.fenced(partition, cause);
      return;
    }
    const hopeless = KafkaWorkerError.is(cause) && cause.code === 'SEND_FAILED' && !cause.canRetry;
    const error = new KafkaWorkerError('DEAD_LETTER_FAILED', `not acknowledged by ${to}: ${cause.message}`, { cause });
    const retryInMs = hopeless || nth >= TRIES ? undefined : backoff(nth, error, task.record);
    events.emit({ type: 'forward.failed', ...whichIs(task), to, error, retryInMs });
    if (retryInMs === undefined) {
      freezer.freeze(task, unsent, 'forward', error);
      this.parts.ended(task);
      return;
    }
    this.#later(task, plan, nth + 1, retryInMs);
  }

  /** A partition that is being given back sends nothing more; if it stays, it goes on here. */
  #later(task: Task, plan: ForwardPlan, nth: number, ms: number): void {
    task.timer = this.parts.clock.setTimer(() => {
      task.timer = undefined;
      if (task.state !== 'forwarding' || !task.assignment.alive) return;
      if (task.assignment.draining) this.#later(task, plan, nth, ms);
      else this.#try(task, plan, nth);
    }, ms);
  }
}
