import type { Ledger } from '../ledger/ledger.js';
import { RateMeter } from '../view/rate-meter.js';

/** Records a second, by topic and in all, sampled from the ledger. */
export class Throughput {
  readonly #topics: readonly { readonly topic: string; readonly meter: RateMeter }[];
  readonly #all: RateMeter;
  readonly #seen = new Map<string, number>();

  constructor(
    private readonly ledger: Ledger,
    topics: readonly string[],
    now: number,
  ) {
    this.#topics = topics.map((topic) => ({ topic, meter: new RateMeter(now) }));
    this.#all = new RateMeter(now);
  }

  /** Takes what was handled since the last sample. */
  sample(now: number): void {
    for (const { topic, meter } of this.#topics) {
      const handled = this.ledger.handled(topic);
      const fresh = handled - (this.#seen.get(topic) ?? 0);
      this.#seen.set(topic, handled);
      meter.add(fresh, now);
      this.#all.add(fresh, now);
    }
  }

  of(topic: string, now: number): number {
    return this.#topics.find((entry) => entry.topic === topic)?.meter.perSecond(now) ?? 0;
  }

  total(now: number): number {
    return this.#all.perSecond(now);
  }

  history(now: number): readonly number[] {
    return this.#all.history(now);
  }
}
