import type { Clock, TimerHandle } from '@kafka-worker/engine';
import type { FakeClock } from '@kafka-worker/testing';

/** The time of one process: it ends with the process. */
export class MortalClock implements Clock {
  readonly #timers = new Set<TimerHandle>();
  #dead = false;

  constructor(private readonly clock: FakeClock) {}

  now(): number {
    return this.clock.now();
  }

  setTimer(callback: () => void, ms: number): TimerHandle {
    if (this.#dead) return undefined;
    const timer = this.clock.setTimer(() => {
      this.#timers.delete(timer);
      callback();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: TimerHandle): void {
    this.#timers.delete(timer);
    this.clock.clearTimer(timer);
  }

  /** No timer of the process fires any more. */
  kill(): void {
    this.#dead = true;
    for (const timer of this.#timers) this.clock.clearTimer(timer);
    this.#timers.clear();
  }
}
