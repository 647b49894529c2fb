import type { Clock, TimerHandle } from '../clock.js';
import { exponential } from '../delivery/backoff.js';
import { spread } from '../delivery/spread.js';
import type { PartitionAssignment } from './partition-assignment.js';

/** The wait before a partition that could not be taken over, or was taken away by a store, is claimed again. */
const backoff = exponential({ initialMs: 1_000, maxMs: 30_000, jitter: 0 });

/** For a backoff that looks at none. */
const NO_RECORD = { topic: '', partition: 0, offset: 0, timestamp: 0, key: null, value: null, headers: {} };

/** Partitions that stand until they have been taken over again, each with the time of its next try. */
export class Renewals {
  readonly #timers = new Map<PartitionAssignment, TimerHandle>();

  /** @param renew must not reject. */
  constructor(
    readonly clock: Clock,
    readonly renew: (partition: PartitionAssignment, error: Error, nth: number) => Promise<void>,
  ) {}

  /** @param nth number of the try to come, from 1 on. */
  later(partition: PartitionAssignment, error: Error, nth: number): void {
    if (!partition.alive) return;
    const timer = this.clock.setTimer(
      () => {
        this.#timers.delete(partition);
        // while it is being given back nothing is claimed: either it goes, or it is ours again afterwards
        if (partition.draining) this.later(partition, error, nth);
        else void this.renew(partition, error, nth);
      },
      spread(backoff(nth, error, NO_RECORD), partition.partition + partition.epoch),
    );
    this.#timers.set(partition, timer);
  }

  /** The partition goes. */
  cancel(partition: PartitionAssignment): void {
    const timer = this.#timers.get(partition);
    if (timer !== undefined) this.clock.clearTimer(timer);
    this.#timers.delete(partition);
  }
}
