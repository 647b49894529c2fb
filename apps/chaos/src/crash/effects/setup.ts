import type { Delivery, DeliveryHandler, WorkerOptions } from '@kafka-worker/engine';
import { nameOf } from '../../ledger.js';
import { pause } from '../../waiting.js';
import type { Gate } from '../gate.js';

/** What a guarantee makes of a member. */
export interface Setup {
  readonly worker: Pick<WorkerOptions, 'delivery' | 'commit' | 'idempotency' | 'retry'>;
  readonly handle: DeliveryHandler;
  /** Commits of offsets are what settles records. */
  readonly commits: boolean;
  /** Closes what the setup has opened. */
  end?(): Promise<void>;
}

/** Handlers take this long before and after their effect. Milliseconds. */
const LONGEST_HALF_MS = 15;

/** A handler with its gates, which takes its time before and after the effect. */
export function gatedHandler(gate: Gate, effect: (delivery: Delivery) => unknown): DeliveryHandler {
  return async (delivery) => {
    const name = nameOf(delivery.record);
    await gate.pass('handler', name);
    await pause(Math.random() * LONGEST_HALF_MS);
    await effect(delivery);
    await gate.pass('effect', name);
    await pause(Math.random() * LONGEST_HALF_MS);
  };
}
