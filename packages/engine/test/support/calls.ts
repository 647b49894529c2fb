import { deferred, type Deferred } from '@kafka-worker/testing';
import type { Delivery, DeliveryHandler } from '../../src/index.js';

/** One call of a handler, as the handler saw it. */
export interface Call {
  readonly delivery: Delivery;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly end: Deferred<void>;
  state: 'running' | 'done' | 'failed';
}

/** Handlers that a test ends by hand, and what became of them. Knows nothing of the engine. */
export class Calls {
  /** In the order of their starts. */
  readonly all: Call[] = [];
  /** `topic/partition/offset` of records that a handler is through with. */
  readonly handled = new Set<string>();
  /** Most handlers that ran at once. */
  highest = 0;
  readonly #running = new Set<Call>();
  /** What a call ends with at once; undefined: when the test says so. */
  respond: ((call: Call) => Promise<void> | undefined) | undefined;

  readonly handle: DeliveryHandler = (delivery) => {
    const { topic, partition, offset, key } = delivery.record;
    const call: Call = {
      delivery,
      topic,
      partition,
      offset,
      key: key?.toString() ?? null,
      attempt: delivery.attempt,
      signal: delivery.signal,
      end: deferred(),
      state: 'running',
    };
    this.all.push(call);
    this.#running.add(call);
    this.highest = Math.max(this.highest, this.#running.size);
    const work = this.respond?.(call) ?? call.end.promise;
    return work.then(
      () => {
        call.state = 'done';
        this.#running.delete(call);
        this.handled.add(`${topic}/${partition}/${offset}`);
      },
      (error: unknown) => {
        call.state = 'failed';
        this.#running.delete(call);
        throw error;
      },
    );
  };

  get running(): Call[] {
    return [...this.#running];
  }

  /** `partition:offset` of the handlers that run, in the order of their starts. */
  get open(): string[] {
    return this.running.map(({ partition, offset }) => `${partition}:${offset}`);
  }

  /** `partition:offset` of every start. */
  get started(): string[] {
    return this.all.map(({ partition, offset }) => `${partition}:${offset}`);
  }

  /** The running call of a record. */
  at(offset: number, partition = 0): Call {
    const found = this.running.find((call) => call.offset === offset && call.partition === partition);
    if (found === undefined) throw new Error(`${partition}:${offset} does not run; there are ${this.open.join(' ')}`);
    return found;
  }

  finish(offset: number, partition = 0): void {
    this.at(offset, partition).end.resolve();
  }

  fail(offset: number, error: unknown = new Error('no'), partition = 0): void {
    this.at(offset, partition).end.reject(error);
  }

  finishAll(): void {
    for (const call of this.running) call.end.resolve();
  }
}
