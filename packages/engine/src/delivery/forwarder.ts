import type { Clock } from '../clock.js';
import type { OutgoingRecord, RecordMetadata } from '../driver/driver.js';
import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { EventHub } from '../events/emitter.js';
import type { WorkerInstrumentation } from '../instrumentation/worker-instrumentation.js';
import { exponential } from './backoff.js';
import { freeze } from './failure-policy.js';
import type { Freezer } from './freezer.js';
import { type Settler, whichIs } from './settler.js';
import { spread } from './spread.js';
import type { Task } from './task.js';

/** How often a copy is sent before its lane freezes; each try is patient already, since the client tries by itself. */
const TRIES = 5;
const backoff = exponential({ initialMs: 500, maxMs: 10_000, jitter: 0 });

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
  /** The copy was given up. */
  readonly unsent?: () => void;
}

/** A record on its way to being settled. */
interface Errand {
  readonly task: Task;
  readonly plan: ForwardPlan;
  /** Tries begun. */
  tries: number;
  /** The copy has been acknowledged; what may be missing yet is the mark in the store. */
  sent: boolean;
  to: RecordMetadata | undefined;
}

/** What a forwarder works with. */
export interface ForwarderSite {
  readonly clock: Clock;
  readonly events: EventHub;
  readonly settler: Settler;
  readonly freezer: Freezer;
  readonly site: ForwardSite;
  readonly instrumentation: WorkerInstrumentation | undefined;
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
      if (plan.copy !== undefined) partition.outbox.push(...this.#inTransaction(task, plan.copy));
      this.parts.settler.settle(task, plan.disposition, plan.error);
      return false;
    }
    if (plan.copy === undefined && partition.claim === undefined) {
      this.parts.settler.settle(task, plan.disposition, plan.error);
      return false;
    }
    task.state = 'forwarding';
    task.lane.state = 'waiting';
    this.#try({ task, plan, tries: 0, sent: plan.copy === undefined, to: undefined });
    return true;
  }

  #try(errand: Errand): void {
    const { task, plan } = errand;
    const partition = task.assignment;
    errand.tries++;
    partition.forwarding++;
    this.#send(errand).then(
      () => {
        partition.forwarding--;
        if (task.state === 'forwarding') {
          this.parts.settler.settle(task, plan.disposition, plan.error, errand.to);
          this.parts.ended(task);
        } else {
          this.parts.events.emit({ type: 'record.late', ...whichIs(task), outcome: 'done' });
        }
        partition.becameIdle();
      },
      (thrown: unknown) => {
        partition.forwarding--;
        if (task.state === 'forwarding') this.#failed(errand, ensureError(thrown));
        partition.becameIdle();
      },
    );
  }

  async #send(errand: Errand): Promise<void> {
    const { task, plan } = errand;
    if (!errand.sent && plan.copy !== undefined) {
      [errand.to] = await this.#sendCopy(task, plan.copy);
      errand.sent = true;
    }
    if (task.assignment.alive) await task.assignment.claim?.transact(task.offset, () => undefined);
  }

  async #sendCopy(task: Task, copy: OutgoingRecord): Promise<readonly RecordMetadata[]> {
    const { site, instrumentation } = this.parts;
    const scope = instrumentation?.sending?.([copy], task.scope);
    if (scope === undefined) return site.send([copy]);
    try {
      const sent = await site.send(scope.records);
      scope.ended(undefined);
      return sent;
    } catch (thrown) {
      scope.ended(ensureError(thrown));
      throw thrown;
    }
  }

  /** What is told of it ends here: the transaction that sends it has a story of its own. */
  #inTransaction(task: Task, copy: OutgoingRecord): readonly OutgoingRecord[] {
    const scope = this.parts.instrumentation?.sending?.([copy], task.scope);
    scope?.ended(undefined);
    return scope?.records ?? [copy];
  }

  #failed(errand: Errand, cause: Error): void {
    const { task, plan, sent } = errand;
    const { events, freezer } = this.parts;
    const partition = task.assignment;
    if (KafkaWorkerError.is(cause) && cause.code === 'STORE_FENCED') {
      partition.owner.fenced(partition, cause);
      return;
    }
    const to = sent || plan.copy === undefined ? 'the store' : plan.copy.topic;
    // What became of the record is decided once its copy is out: its mark may even be there, with the answer lost. The
    // handler must not get it again, so a store that is away is waited for, as all handlers of the worker do.
    const mayGiveUp = !sent;
    const hopeless = KafkaWorkerError.is(cause) && cause.code === 'SEND_FAILED' && !cause.canRetry;
    const error = new KafkaWorkerError('DEAD_LETTER_FAILED', `not acknowledged by ${to}: ${cause.message}`, { cause });
    const retryInMs =
      mayGiveUp && (hopeless || errand.tries >= TRIES)
        ? undefined
        : spread(backoff(errand.tries, error, task.record), task.offset);
    events.emit({ type: 'forward.failed', ...whichIs(task), to, error, retryInMs });
    if (retryInMs === undefined) {
      plan.unsent?.();
      freezer.freeze(task, unsent, 'forward', error);
      this.parts.ended(task);
      return;
    }
    this.#later(errand, retryInMs);
  }

  /** A partition that is being given back, or was taken over by somebody else, sends nothing more; if it stays, it goes on here. */
  #later(errand: Errand, ms: number): void {
    const { task } = errand;
    const { assignment } = task;
    task.timer = this.parts.clock.setTimer(() => {
      task.timer = undefined;
      if (task.state !== 'forwarding' || !assignment.alive) return;
      if (assignment.draining || assignment.held !== undefined) this.#later(errand, ms);
      else this.#try(errand);
    }, ms);
  }
}
