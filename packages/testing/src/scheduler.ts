import { type Clock, systemClock, type TimerHandle } from '@kafka-worker/engine';
import type { Hop, Latency } from './latency.js';

/**
 * The only way things happen "later" in the cluster. In real time a step is a turn of the event loop; with a clock of
 * the user's own it is a timer of that clock, so that the clock owns every step.
 */
export class Scheduler {
  readonly #realTime: boolean;

  constructor(
    readonly clock: Clock,
    private readonly latency: Latency,
  ) {
    this.#realTime = clock === systemClock;
  }

  /** Calls `callback` in a turn of its own, `ms` milliseconds from now. */
  later(callback: () => void, ms = 0): void {
    if (this.#realTime && ms <= 0) setImmediate(callback);
    else this.clock.setTimer(callback, ms);
  }

  /** What the next message takes. Milliseconds. Asked once per message. */
  latencyOf(hop: Hop): number {
    return typeof this.latency === 'number' ? this.latency : Math.max(0, this.latency(hop));
  }

  /** A message under way. Says nothing about its order: that is the connection's. */
  hop(hop: Hop): Promise<void> {
    return this.sleep(this.latencyOf(hop));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.later(resolve, ms));
  }

  /** A timeout. Unlike a step it does not keep the process alive. */
  setTimer(callback: () => void, ms: number): TimerHandle {
    const timer = this.clock.setTimer(callback, ms);
    if (this.#realTime) (timer as NodeJS.Timeout).unref();
    return timer;
  }

  clearTimer(timer: TimerHandle): void {
    this.clock.clearTimer(timer);
  }

  /**
   * Keeps the process alive as an open connection would, until the function returned is called. With a clock of the
   * user's own there is nothing to keep: the test decides how long it runs.
   */
  stayAlive(): () => void {
    if (!this.#realTime) return () => undefined;
    const handle = setInterval(() => undefined, 2 ** 30);
    return () => clearInterval(handle);
  }
}
