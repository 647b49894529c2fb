import type { EngineEvent } from './events.js';

/** Hears every event. What it throws is swallowed: an observer must not change what is observed. */
export type EngineEventListener = (event: EngineEvent) => void;

/** Options of a subscription. */
export interface SubscriptionOptions {
  /**
   * False: `record.settled` with disposition `done` is left out, the one event that comes with every record. It is
   * not even made while nobody wants it. Default true.
   */
  readonly done?: boolean;
}

/** Hands events to listeners. */
export class EventHub {
  readonly #all = new Set<EngineEventListener>();
  readonly #withoutDone = new Set<EngineEventListener>();

  /** True while somebody wants to hear of records that are done. */
  wantsDone = false;

  /** Returns the function that ends the subscription. */
  on(listener: EngineEventListener, options: SubscriptionOptions = {}): () => void {
    const listeners = options.done === false ? this.#withoutDone : this.#all;
    listeners.add(listener);
    this.wantsDone = this.#all.size > 0;
    return () => {
      listeners.delete(listener);
      this.wantsDone = this.#all.size > 0;
    };
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#all) tell(listener, event);
    if (event.type === 'record.settled' && event.disposition === 'done') return;
    for (const listener of this.#withoutDone) tell(listener, event);
  }
}

function tell(listener: EngineEventListener, event: EngineEvent): void {
  try {
    listener(event);
  } catch {
    // see EngineEventListener
  }
}
