import type { BatchScope } from './worker-instrumentation.js';

/** Counts a batch down, for who wants to know when its last record is settled. */
export class BatchTally {
  /** Records that are not settled; complete before the first of them is started. */
  left = 0;
  scope: BatchScope | undefined;

  /** One of its records was settled, or its partition has gone. */
  settled(): void {
    if (--this.left === 0) this.scope?.ended();
  }
}
