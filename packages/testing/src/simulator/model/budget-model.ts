import type { WorkerSpec } from '../scenario/scenario.js';

/**
 * How many dead letters one worker of one process may send: told as a balance sheet, from the beginning each time, where
 * the engine keeps a running sum.
 */
export class BudgetModel {
  /** What changed it: a share for a success, -1 for a dead letter, 1 for one that was given up unsent. */
  readonly #entries: { readonly at: number; readonly amount: number }[] = [];

  constructor(
    readonly worker: WorkerSpec,
    readonly since: number,
  ) {}

  success(now: number): void {
    const { budget } = this.worker;
    if (budget !== undefined) this.#entries.push({ at: now, amount: budget.share });
  }

  /** @returns whether there is one; it is taken. */
  take(now: number): boolean {
    const { budget } = this.worker;
    if (budget === undefined) return true;
    if (this.#balance(now) < 1) return false;
    this.#entries.push({ at: now, amount: -1 });
    return true;
  }

  /** One that was taken was not sent after all. */
  giveBack(now: number): void {
    this.#entries.push({ at: now, amount: 1 });
  }

  #balance(now: number): number {
    const { burst = 0, refillMs = Infinity } = this.worker.budget ?? {};
    let balance = burst;
    let refills = 0;
    const refill = (until: number): void => {
      const due = Math.floor((until - this.since) / refillMs);
      balance = Math.min(burst, balance + due - refills);
      refills = due;
    };
    for (const { at, amount } of this.#entries) {
      refill(at);
      balance = Math.min(burst, balance + amount);
    }
    refill(now);
    return balance;
  }
}
