import type { EngineEvent, WorkerEngine } from '@kafka-worker/engine';
import { Observable, Subject } from 'rxjs';

/**
 * The engine's events as an Observable that exists before the engine does. The one event that comes with every record
 * is asked for only while somebody listens: it would cost each record an object.
 * @internal
 */
export class EventRelay {
  readonly #subject = new Subject<EngineEvent>();
  #engine: WorkerEngine | undefined;
  #listeners = 0;
  #stop: (() => void) | undefined;

  readonly events$ = new Observable<EngineEvent>((subscriber) => {
    const subscription = this.#subject.subscribe(subscriber);
    this.#listeners++;
    this.#listen();
    return () => {
      subscription.unsubscribe();
      this.#listeners--;
      this.#listen();
    };
  });

  attach(engine: WorkerEngine): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#engine = engine;
    this.#listen();
  }

  complete(): void {
    this.#subject.complete();
  }

  #listen(): void {
    if (this.#listeners > 0) {
      this.#stop ??= this.#engine?.on((event) => this.#subject.next(event));
    } else {
      this.#stop?.();
      this.#stop = undefined;
    }
  }
}
