import type { Clock } from '@kafka-worker/engine';
import { Bell } from '../reading/bell.js';

/** Requests each second that a bounded rate is spread over, so that it does not come in bursts. */
const REQUESTS_PER_SECOND = 10;

/** Keeps a run at a number of records for each second. */
export class Pace {
  /** When the next request may go. Milliseconds since the epoch. */
  #at = -Infinity;

  /** @param perSecond records; undefined: no bound */
  constructor(
    private readonly clock: Clock,
    private readonly perSecond: number | undefined,
  ) {}

  /** How many records one request may have, of `most`. */
  share(most: number): number {
    if (this.perSecond === undefined) return most;
    return Math.min(most, Math.max(1, Math.floor(this.perSecond / REQUESTS_PER_SECOND)));
  }

  /** Waits for the next request's turn, or until the signal is aborted. */
  async turn(signal?: AbortSignal): Promise<void> {
    const wait = this.#at - this.clock.now();
    if (wait > 0) await new Bell(this.clock).wait(wait, signal);
  }

  /** So many were sent. */
  sent(records: number): void {
    if (this.perSecond === undefined) return;
    this.#at = Math.max(this.#at, this.clock.now()) + (records * 1000) / this.perSecond;
  }
}
