import type { FakeClock } from '../../clock/fake-clock.js';

/** How the suite lets time pass. All values are milliseconds. */
export interface ConformanceTime {
  wait(ms: number): Promise<void>;
  /** Resolves when the condition holds; rejects with its words after `withinMs`, default 20,000. */
  until(what: string, condition: () => boolean | Promise<boolean>, withinMs?: number): Promise<void>;
  /** Milliseconds since some moment. */
  now(): number;
  /** After the last case of a world. */
  close(): void;
}

const WITHIN_MS = 20_000;
/** Between two looks at a condition in real time. Milliseconds. */
const POLL_MS = 10;

/** Time as it passes: for drivers on a broker. */
export function realTime(): ConformanceTime {
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  return {
    wait,
    until: async (what, condition, withinMs = WITHIN_MS) => {
      for (const deadline = Date.now() + withinMs; !(await condition()); await wait(POLL_MS)) {
        if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
      }
    },
    now: () => Date.now(),
    close: () => undefined,
  };
}

/**
 * Time of a clock that moves from timer to timer as soon as nothing more can happen at one moment, so that a case that
 * waits for a minute takes no longer than what happens in it. Whatever is awaited meanwhile must need nothing but this
 * clock.
 */
export function virtualTime(clock: FakeClock): ConformanceTime {
  let closed = false;
  const steps: (() => void)[] = [];
  const run = async (): Promise<void> => {
    while (!closed) {
      await clock.tick();
      for (const step of steps.splice(0)) step();
      await clock.tick();
      const { nextAt } = clock;
      if (nextAt !== undefined && !closed) await clock.advance(nextAt - clock.now());
    }
  };
  void run();
  const step = (): Promise<void> => new Promise((resolve) => steps.push(resolve));
  return {
    wait: (ms) => new Promise((resolve) => clock.setTimer(resolve, ms)),
    until: async (what, condition, withinMs = WITHIN_MS) => {
      // Time has somewhere to go, whatever happens.
      const deadline = clock.now() + withinMs;
      const timer = clock.setTimer(() => undefined, withinMs);
      try {
        while (!(await condition())) {
          if (clock.now() >= deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
          await step();
        }
      } finally {
        clock.clearTimer(timer);
      }
    },
    now: () => clock.now(),
    close: () => {
      closed = true;
      for (const step of steps.splice(0)) step();
    },
  };
}
