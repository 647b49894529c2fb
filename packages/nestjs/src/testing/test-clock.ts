import { setImmediate } from 'node:timers'; // not the global one: a test runner may have faked that
import type { Clock, TimerHandle } from '@kafka-worker/engine';
import { FakeClock } from '@kafka-worker/testing';

/**
 * The time of the workers and of the in-memory cluster in a test. It stands still until it is moved, but what is due now
 * happens by itself: a producer's `send` or the start of the workers waits for nobody.
 */
export class TestClock implements Clock {
  readonly #fake: FakeClock;
  #firing = false;
  #failure: Error | undefined;
  /** Moves come one after the other, or the shorter of two would turn time back. */
  #moves: Promise<unknown> = Promise.resolve();

  /** `now`: where time starts. Milliseconds since the epoch. */
  constructor(now: number) {
    this.#fake = new FakeClock({ now });
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#fake.now();
  }

  /** Calls `callback` once, `ms` milliseconds of this clock from now. */
  setTimer(callback: () => void, ms: number): TimerHandle {
    const timer = this.#fake.setTimer(callback, ms);
    if (!(ms > 0)) this.#fireSoon();
    return timer;
  }

  /** Harmless for a timer that has fired. */
  clearTimer(timer: TimerHandle): void {
    this.#fake.clearTimer(timer);
  }

  /** Timers that are set and have not fired. */
  get pending(): number {
    return this.#fake.pending;
  }

  /** When the next timer fires. Milliseconds since the epoch; undefined: none is set. */
  get nextAt(): number | undefined {
    return this.#fake.nextAt;
  }

  /** Lets everything happen that happens now. @throws Error where that has no end: a timer that sets itself again. */
  async tick(): Promise<void> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
    await this.#fake.tick();
  }

  /** Moves time on by `ms` milliseconds; every timer on the way fires at its own time. */
  advance(ms: number): Promise<void> {
    const moved = this.#moves.then(() => this.#fake.advance(ms));
    this.#moves = moved.catch(() => undefined);
    return moved;
  }

  #fireSoon(): void {
    if (this.#firing) return;
    this.#firing = true;
    setImmediate(() => void this.#fire());
  }

  async #fire(): Promise<void> {
    try {
      do await this.#fake.tick();
      while (this.nextAt !== undefined && this.nextAt <= this.now());
    } catch (error) {
      this.#failure = error as Error; // nobody awaits this: the next who ticks is told
    }
    this.#firing = false;
  }
}
