/** A timer that was set. Opaque: only its clock can clear it. */
export type TimerHandle = unknown;

/** The only way time enters the engine, so that tests and the simulator can own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once, `ms` milliseconds from now. */
  setTimer(callback: () => void, ms: number): TimerHandle;
  /** Harmless for a timer that has fired. */
  clearTimer(timer: TimerHandle): void;
  /**
   * Calls `callback` once, when the event loop has turned: what was due of timers and of the network has been worked off.
   * Left out: there is no loop that would have to be kept turning, as where time is virtual.
   */
  afterTurn?(callback: () => void): void;
}

/** The longest wait a timer takes, 24 days; Node fires a longer one at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Real time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (callback, ms) => setTimeout(callback, Math.min(ms, MAX_TIMER_MS)),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout),
  afterTurn: (callback) => void setImmediate(callback),
};
