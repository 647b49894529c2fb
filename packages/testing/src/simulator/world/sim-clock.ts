import type { Clock, TimerHandle } from '@kafka-worker/engine';

interface SimTimer {
  readonly at: number;
  /** Decides among timers of one instant. */
  readonly rank: number;
  /** Decides where ranks are equal: order of setting. */
  readonly id: number;
  readonly callback: () => void;
}

// Taken at load, so that a test runner's fake timers cannot take the ground from under this clock.
const immediate = setImmediate;

/**
 * Time of a simulation. It stands still until `step` fires the next timer, one at a time, and of those that are due at
 * one instant a seeded one: an order that reality could choose is an order that some seed chooses.
 */
export class SimClock implements Clock {
  #now: number;
  #ids = 0;
  /** Invariant: sorted, the next one to fire last. */
  readonly #timers: SimTimer[] = [];

  /** @param rank of a timer by its number; equal ranks keep the order in which the timers were set. */
  constructor(
    now: number,
    readonly rank: (id: number) => number,
  ) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  setTimer(callback: () => void, ms: number): TimerHandle {
    const id = ++this.#ids;
    const timer: SimTimer = { at: this.#now + Math.max(0, ms), rank: this.rank(id), id, callback };
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (before(timer, this.#timers[middle] as SimTimer)) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    return timer;
  }

  clearTimer(timer: TimerHandle): void {
    const index = this.#timers.indexOf(timer as SimTimer);
    if (index >= 0) this.#timers.splice(index, 1);
  }

  get pending(): number {
    return this.#timers.length;
  }

  /**
   * Fires the next timer and lets every promise settle that can. @returns false where no timer is left: nothing will
   * ever happen again.
   */
  async step(): Promise<boolean> {
    const timer = this.#timers.pop();
    if (timer === undefined) return false;
    this.#now = timer.at;
    timer.callback();
    await this.settle();
    return true;
  }

  /** Every microtask that is ready runs: the queue is empty before an immediate gets its turn. */
  settle(): Promise<void> {
    return new Promise((resolve) => immediate(resolve));
  }
}

function before(a: SimTimer, b: SimTimer): boolean {
  if (a.at !== b.at) return a.at < b.at;
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.id < b.id;
}
