const BUCKET_MS = 500;
const BUCKETS = 120;
/** Complete buckets that the rate is the mean of: three seconds. */
const MEAN_OF = 6;

/** How many things happen a second, now and over the last minute. */
export class RateMeter {
  /** Oldest first; the last one is still being filled. */
  #buckets: number[] = [0];
  #until: number;

  constructor(now: number) {
    this.#until = now + BUCKET_MS;
  }

  add(amount: number, now: number): void {
    this.#move(now);
    const last = this.#buckets.length - 1;
    this.#buckets[last] = (this.#buckets[last] ?? 0) + amount;
  }

  perSecond(now: number): number {
    const complete = this.#complete(now).slice(-MEAN_OF);
    if (complete.length === 0) return 0;
    return (complete.reduce((sum, amount) => sum + amount, 0) / complete.length) * (1000 / BUCKET_MS);
  }

  /** Per second in each of the last half seconds, oldest first. */
  history(now: number): readonly number[] {
    return this.#complete(now).map((amount) => amount * (1000 / BUCKET_MS));
  }

  #complete(now: number): readonly number[] {
    this.#move(now);
    return this.#buckets.slice(0, -1);
  }

  #move(now: number): void {
    while (now >= this.#until) {
      this.#buckets.push(0);
      if (this.#buckets.length > BUCKETS) this.#buckets.shift();
      this.#until += BUCKET_MS;
    }
  }
}
