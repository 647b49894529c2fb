import type { Checker, Place } from './checker.js';
import type { Meter } from './meter.js';

/** What a subject does with each record. */
export interface Work<R> {
  /** Without a promise: for loops that need none. Never with a delay. */
  now(record: R): void;
  /** As a handler. */
  handle(record: R): Promise<void>;
}

/** How a run works and what looks on. */
export interface WorkPlan {
  readonly meter: Meter;
  /** Given in checked runs only. */
  readonly checker: Checker | undefined;
  readonly delayMs: number;
  /** The key whose handler time is summed by itself. */
  readonly hottestKey: string | undefined;
}

/** @param locate is asked only where somebody wants to know: a measured run of no-op handlers never does. */
export function makeWork<R>(plan: WorkPlan, locate: (record: R) => Place): Work<R> {
  const { meter, checker, delayMs, hottestKey } = plan;
  if (checker !== undefined) return checkedWork(meter, checker, delayMs, locate);
  if (delayMs === 0) return idleWork(meter);
  const now = (): void => {
    throw new Error('a delay needs a promise');
  };
  return {
    now,
    async handle(record) {
      meter.begin();
      const startedAt = performance.now();
      await sleep(delayMs);
      const took = performance.now() - startedAt;
      meter.handlerMs += took;
      if (hottestKey !== undefined && locate(record).key === hottestKey) {
        meter.hottestKeyMs += took;
        meter.hottestKeyCount++;
      }
      meter.end();
    },
  };
}

function idleWork<R>(meter: Meter): Work<R> {
  return {
    now() {
      meter.begin();
      meter.end();
    },
    async handle() {
      meter.begin();
      meter.end();
    },
  };
}

function checkedWork<R>(meter: Meter, checker: Checker, delayMs: number, locate: (record: R) => Place): Work<R> {
  return {
    now(record) {
      const place = locate(record);
      meter.begin();
      checker.begin(place);
      checker.end(place);
      meter.end();
    },
    async handle(record) {
      const place = locate(record);
      meter.begin();
      checker.begin(place);
      // without a delay a turn of the loop, so that handlers overlap where they may
      await (delayMs > 0 ? sleep(delayMs) : new Promise((resolve) => setImmediate(resolve)));
      checker.end(place);
      meter.end();
    },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
