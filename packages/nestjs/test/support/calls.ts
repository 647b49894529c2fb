/** Remembers what it was called with and lets a test wait for the n-th call. */
export class Calls<T = unknown> {
  readonly all: T[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  readonly add = (value: T): void => {
    this.all.push(value);
    for (const { count, resolve } of this.#waiting) if (this.all.length >= count) resolve();
  };

  /** Resolves when there have been that many calls. */
  async reached(count: number): Promise<T[]> {
    if (this.all.length < count) await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    return this.all;
  }
}
