import type { DeadLetterBudgetOptions } from './failure-policy.js';

/** How many dead letters a worker may send now: see `DeadLetterBudgetOptions` for the rule. */
export class DeadLetterBudget {
  /** Invariant: 0 to `burst`. */
  #credit: number;
  #refilledAt: number;

  constructor(
    readonly options: Required<DeadLetterBudgetOptions>,
    now: number,
  ) {
    this.#credit = options.burst;
    this.#refilledAt = now;
  }

  /** A record is done. */
  success(): void {
    if (this.#credit < this.options.burst) this.#add(this.options.share);
  }

  /** @returns false where nothing is left; otherwise one dead letter less is. */
  take(now: number): boolean {
    this.#refill(now);
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }

  /** One that was taken was not sent after all. */
  giveBack(): void {
    this.#add(1);
  }

  /** Dead letters in order now: a whole number. */
  left(now: number): number {
    this.#refill(now);
    return Math.floor(this.#credit);
  }

  #refill(now: number): void {
    const { refillMs } = this.options;
    const times = Math.floor((now - this.#refilledAt) / refillMs);
    if (times <= 0) return;
    this.#refilledAt += times * refillMs;
    this.#add(times);
  }

  #add(credit: number): void {
    // tenths add up to 0.999…: a success too few must not be a dead letter too few for good
    this.#credit = Math.min(this.options.burst, Math.round((this.#credit + credit) * 1e6) / 1e6);
  }
}
