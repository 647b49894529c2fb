import type { Clock, TimerHandle } from '@kafka-worker/engine';

interface ProcessTimer {
  /** Of the clock beneath; set right after it was asked for. */
  beneath: TimerHandle;
}

/** The clock of one process: what dies with it, and how many of its timers are set. */
export class ProcessClock implements Clock {
  readonly #timers = new Set<ProcessTimer>();
  #dead = false;

  constructor(readonly beneath: Clock) {}

  now(): number {
    return this.beneath.now();
  }

  setTimer(callback: () => void, ms: number): TimerHandle {
    if (this.#dead) return undefined;
    const timer: ProcessTimer = { beneath: undefined };
    timer.beneath = this.beneath.setTimer(() => {
      this.#timers.delete(timer);
      callback();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(handle: TimerHandle): void {
    const timer = handle as ProcessTimer | undefined;
    if (timer === undefined || !this.#timers.delete(timer)) return;
    this.beneath.clearTimer(timer.beneath);
  }

  /** Resolves after `ms`; never in a process that is killed meanwhile. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.setTimer(resolve, ms));
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** No timer of this process fires any more. */
  kill(): void {
    this.#dead = true;
    for (const timer of this.#timers) this.beneath.clearTimer(timer.beneath);
    this.#timers.clear();
  }
}
