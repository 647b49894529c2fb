import { AsyncLocalStorage } from 'node:async_hooks';
import type { AttemptScope, Delivery, WorkerInstrumentation } from '@kafka-worker/engine';
import type { KeyDisplay } from '../instrumentation/record-key.js';
import { fieldsOf, type RecordLogFields } from './record-log-fields.js';

/** Options of `KafkaLogContext`. */
export interface KafkaLogContextOptions {
  /**
   * How `key` shows the record's key. Default `'hash'`: log lines are copied far and kept long, and a key may be a name or
   * an address; the hash still tells which lines are about the same one. `'text'` where keys are nobody's secret.
   */
  readonly key?: KeyDisplay;
}

const storage = new AsyncLocalStorage<LoggedAttempt>();

/**
 * Knows the record that is being handled, for `getRecordLogFields()`:
 * `KafkaWorkerModule.forRoot({ instrumentation: [new KafkaLogContext()] })`. Costs a line that is written what the fields
 * cost, and a record without lines next to nothing.
 */
export class KafkaLogContext implements WorkerInstrumentation {
  readonly #key: KeyDisplay;

  constructor({ key = 'hash' }: KafkaLogContextOptions = {}) {
    this.#key = key;
  }

  attempt(delivery: Delivery): AttemptScope {
    return new LoggedAttempt(delivery, this.#key);
  }
}

/**
 * The record whose handler, guards, pipes, interceptors or filters run now, in whatever they call and await; undefined
 * outside of them, and once the attempt is over: what has been left running then is about no record any more.
 * Each call gives an object of its own, so that a logger may add to it.
 */
export function getRecordLogFields(): RecordLogFields | undefined {
  return storage.getStore()?.fields();
}

class LoggedAttempt implements AttemptScope {
  // the engine counts on in the same delivery
  readonly #attempt: number;
  #fields: RecordLogFields | undefined;
  #over = false;

  constructor(
    private readonly delivery: Delivery,
    private readonly key: KeyDisplay,
  ) {
    this.#attempt = delivery.attempt;
  }

  run(handle: () => unknown): unknown {
    return storage.run(this, handle);
  }

  resume(work: () => unknown): unknown {
    return storage.run(this, work);
  }

  ended(): void {
    this.#over = true;
  }

  fields(): RecordLogFields | undefined {
    if (this.#over) return undefined;
    return { ...(this.#fields ??= fieldsOf(this.delivery, this.#attempt, this.key)) };
  }
}
