import type { Clock, TimerHandle } from '@kafka-worker/engine';

interface FakeTimer {
  readonly at: number;
  /** Order of setting: timers of one instant fire in it. */
  readonly id: number;
  readonly callback: () => void;
}

/** Options of {@link FakeClock}. */
export interface FakeClockOptions {
  /** Where time starts. Milliseconds since the epoch. Default 2025-01-01T00:00:00Z. */
  readonly now?: number;
  /**
   * How many timers may fire at one instant before the clock takes it for a loop that sets itself again and
   * throws. Default 100,000.
   */
  readonly maxTimersPerInstant?: number;
}

// Taken at load, so that a test runner's fake timers cannot take the ground from under this clock.
const immediate = setImmediate;

/** An immediate may set another: time stands for that many turns with nothing due before it counts as quiet. */
const QUIET_TURNS = 3;

/**
 * A clock that stands still until a test moves it. Timers fire in order of time, those of one instant in the order
 * in which they were set, and between two of them every promise that can settle has settled.
 */
export class FakeClock implements Clock {
  #now: number;
  #nextId = 1;
  readonly #limit: number;
  /** Invariant: ascending by (at, id). */
  readonly #timers: FakeTimer[] = [];

  constructor(options: FakeClockOptions = {}) {
    this.#now = options.now ?? Date.UTC(2025, 0, 1);
    this.#limit = options.maxTimersPerInstant ?? 100_000;
  }

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, ms: number): TimerHandle {
    const timer: FakeTimer = { at: this.#now + Math.max(0, ms), id: this.#nextId++, callback };
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#timers[middle] as FakeTimer).at <= timer.at) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    return timer;
  }

  clearTimer(timer: TimerHandle): void {
    const index = this.#timers.indexOf(timer as FakeTimer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  /** Timers that are set and have not fired: 0 is what a test of "nothing leaks" wants to see. */
  get pending(): number {
    return this.#timers.length;
  }

  /** When the next timer fires. Milliseconds since the epoch; undefined when none is set. */
  get nextAt(): number | undefined {
    return this.#timers[0]?.at;
  }

  /** Lets everything happen that happens now: settles promises and immediates, fires what is due, time stands still. */
  async tick(): Promise<void> {
    let fired = 0;
    for (let quiet = 0; quiet < QUIET_TURNS;) {
      await this.#flush();
      const timer = this.#timers[0];
      if (!timer || timer.at > this.#now) {
        quiet++;
        continue;
      }
      quiet = 0;
      if (++fired > this.#limit) {
        throw new Error(`FakeClock: ${this.#limit} timers fired at one instant; does one set itself again?`);
      }
      this.#timers.shift();
      timer.callback();
    }
  }

  /** Moves time on by `ms` milliseconds and fires every timer on the way, each at its own time. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.tick();
    for (;;) {
      const next = this.nextAt;
      if (next === undefined || next > until) break;
      this.#now = next;
      await this.tick();
    }
    this.#now = until;
    await this.tick();
  }

  /**
   * Moves time from timer to timer until `promise` has settled, and returns or throws as it did.
   * Throws when nothing is left that could settle it, or after `withinMs` milliseconds of this clock (default one hour).
   */
  async runUntil<T>(promise: Promise<T>, withinMs = 3_600_000): Promise<T> {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    const until = this.#now + withinMs;
    await this.tick();
    while (!settled) {
      const next = this.nextAt;
      if (next === undefined)
        throw new Error('FakeClock: the promise is pending and no timer is left that could settle it');
      if (next > until) throw new Error(`FakeClock: the promise was still pending after ${withinMs} ms`);
      this.#now = next;
      await this.tick();
    }
    return promise;
  }

  /** One turn of the event loop: every microtask and immediate that is ready. */
  #flush(): Promise<void> {
    return new Promise((resolve) => immediate(resolve));
  }
}
