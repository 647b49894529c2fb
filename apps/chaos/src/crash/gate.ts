import type { Report } from './messages.js';
import type { Hold, Moment } from './moments.js';

/** Holds a member in one moment of its life, so that it can be killed there and nowhere else. */
export class Gate {
  #hold: Hold | undefined;
  #passed = 0;
  #released: (() => void) | undefined;

  constructor(private readonly tell: (report: Report) => void) {}

  /** From now on. One at a time: a new one takes the place of the last. */
  arm(hold: Hold): void {
    this.#hold = hold;
    this.#passed = 0;
  }

  /** Whoever is held goes on, and whoever was to be held is not. */
  release(): void {
    this.#hold = undefined;
    this.#released?.();
    this.#released = undefined;
  }

  /**
   * Undefined: go on. Else this is the moment, the supervisor has been told, and nothing may be done before the promise
   * has resolved, if ever.
   */
  hold(moment: Moment, about: string): Promise<void> | undefined {
    if (this.#hold?.moment !== moment || this.#passed++ < this.#hold.pass) return undefined;
    this.#hold = undefined;
    const released = new Promise<void>((resolve) => (this.#released = resolve));
    this.tell({ type: 'held', moment, about });
    return released;
  }

  /** Resolves at once, or when who is held here goes on. */
  async pass(moment: Moment, about: string): Promise<void> {
    await this.hold(moment, about);
  }
}
