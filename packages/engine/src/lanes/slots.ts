import type { LoopShare } from './loop-share.js';

/** Somebody who wants to run handlers and is told when there may be room again. */
export interface SlotUser {
  pump(): void;
}

/** The bound on handlers of all workers of the process. Whoever found it full is woken in turn. */
export class Slots {
  #used = 0;
  readonly #waiting = new Set<SlotUser>();

  /** @param max at most this many at once; `Infinity` for no bound. */
  constructor(
    readonly max: number,
    private readonly share: LoopShare,
  ) {}

  get used(): number {
    return this.#used;
  }

  /**
   * @param now milliseconds since the epoch
   * @returns false when full, or when the event loop has to turn first; `user` is then woken when that is over
   */
  acquire(user: SlotUser, now: number): boolean {
    if (this.#used >= this.max) {
      this.#waiting.add(user);
      return false;
    }
    if (!this.share.allows(user, now)) return false;
    this.#used++;
    return true;
  }

  /** Gives a slot back; the longest waiting user gets the first chance at it, before the one that gave it back. */
  release(): void {
    this.#used--;
    if (this.#waiting.size === 0) return;
    for (const user of this.#waiting) {
      this.#waiting.delete(user);
      user.pump();
      if (this.#used >= this.max) return;
    }
  }
}
