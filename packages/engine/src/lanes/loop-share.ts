import type { Clock } from '../clock.js';
import type { SlotUser } from './slots.js';

/**
 * How long handlers are started without the event loop having turned. Milliseconds. Little beside a heartbeat interval,
 * and much beside what a turn costs.
 */
export const STRETCH_MS = 20;

/**
 * Keeps the event loop turning. Handlers that wait for nothing but promises that are settled already, since they compute
 * or find everything in a cache, would follow one another until nothing is buffered any more; heartbeats, timers and
 * probes would wait along, and the group would give the partitions to others.
 */
export class LoopShare {
  /** When the first handler since the last turn was started. Milliseconds since the epoch; undefined: none was. */
  #since: number | undefined;
  /** Woken when the loop has turned. */
  readonly #waiting = new Set<SlotUser>();

  constructor(private readonly clock: Pick<Clock, 'afterTurn'>) {}

  /**
   * @param now milliseconds since the epoch
   * @returns false where the loop has to turn first; `user` is then woken when it has
   */
  allows(user: SlotUser, now: number): boolean {
    const { clock } = this;
    if (clock.afterTurn === undefined) return true;
    if (this.#since === undefined) {
      this.#since = now;
      clock.afterTurn(this.#turned);
      return true;
    }
    const spent = now - this.#since;
    if (spent >= 0 && spent < STRETCH_MS) return true; // a clock that was put back has measured nothing
    this.#waiting.add(user);
    return false;
  }

  readonly #turned = (): void => {
    this.#since = undefined;
    const users = [...this.#waiting];
    this.#waiting.clear();
    for (const user of users) user.pump();
  };
}
