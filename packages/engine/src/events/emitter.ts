import type { EngineEvent } from './events.js';

/** Hears every event. What it throws is swallowed: an observer must not change what is observed. */
export type EngineEventListener = (event: EngineEvent) => void;

/** Hands events to listeners. */
export class EventHub {
  readonly #listeners = new Set<EngineEventListener>();

  /** True while somebody listens: events per record are not even made otherwise. */
  active = false;

  /** Returns the function that ends the subscription. */
  on(listener: EngineEventListener): () => void {
    this.#listeners.add(listener);
    this.active = true;
    return () => {
      this.#listeners.delete(listener);
      this.active = this.#listeners.size > 0;
    };
  }

  emit(event: EngineEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch {
        // see EngineEventListener
      }
    }
  }
}
