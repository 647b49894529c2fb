import type { AbortCause, DeliveryHandler } from '@kafka-worker/engine';
import { now } from './clock.js';
import type { HandlerEvent } from './events.js';

/** How long handlers take and how often they fail. Times in milliseconds. */
export interface HandlerPlan {
  /** Times are spread evenly from here … */
  readonly minMs: number;
  /** … to here. What falls below half a millisecond settles synchronously. */
  readonly maxMs: number;
  /** Time of a record whose payload says `slow`. Default `maxMs`. */
  readonly slowMs?: number;
  /** Share of attempts that fail, 0 to 1. Default 0. */
  readonly failureRate?: number;
  /** An aborted signal ends the attempt with a failure. Default false: it runs to its end. */
  readonly heedsSignal?: boolean;
}

/** What stands in a record's value. */
export interface Payload {
  /** Number of the record in its load. */
  readonly n: number;
  readonly slow?: boolean;
}

const SYNCHRONOUS_BELOW_MS = 0.5;

/** A handler that does nothing but take its time and tell of it. */
export function chaosHandler(plan: HandlerPlan, tell: (event: HandlerEvent) => void): DeliveryHandler {
  return ({ record, attempt, signal }) => {
    const { partition, offset } = record;
    const of = { partition, offset, key: record.key?.toString() ?? null, attempt };
    const { slow = false } = JSON.parse(record.value?.toString() ?? '{}') as Partial<Payload>;
    const fails = Math.random() < (plan.failureRate ?? 0);
    const ms = slow ? (plan.slowMs ?? plan.maxMs) : plan.minMs + Math.random() * (plan.maxMs - plan.minMs);
    const settle = (failed: boolean): void => {
      tell({ type: 'end', at: now(), ...of, outcome: failed ? 'failed' : 'done' });
      if (failed) throw new Error(`attempt ${attempt} at ${partition}/${offset} fails on purpose`);
    };

    tell({ type: 'start', at: now(), ...of });
    if (ms < SYNCHRONOUS_BELOW_MS) return settle(fails);
    return new Promise<boolean>((resolve) => {
      const timer = setTimeout(resolve, ms, false);
      signal.addEventListener('abort', () => {
        tell({ type: 'aborted', at: now(), ...of, cause: (signal.reason as { cause: AbortCause }).cause });
        if (!plan.heedsSignal) return;
        clearTimeout(timer);
        resolve(true);
      });
    }).then((cutOff) => settle(cutOff || fails));
  };
}
