import { StoreFailedError } from '@kafka-worker/engine';

/** Calls of something that may hang. Each is given up after a while, and its answer is waited for in the background. */
export class BoundedCalls {
  /** Ends a call that nobody has answered yet. */
  readonly #open = new Set<(reason: string) => void>();
  #late = 0;

  /** @param timeoutMs after which a call is given up. */
  constructor(private readonly timeoutMs: number) {}

  /** Calls that were given up and have not been answered since. */
  get late(): number {
    return this.#late;
  }

  /**
   * What `call` gives, if it does so in time; else `onLate` gets it when it comes.
   * @param name of the operation, for the message.
   * @throws StoreFailedError where the call fails, with its error as the cause, or takes too long.
   */
  run<T>(name: string, call: () => T | PromiseLike<T>, onLate?: (value: T) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const giveUp = (reason: string): void => {
        if (!settle()) return;
        this.#late++;
        reject(new StoreFailedError(`redis: ${name} ${reason}`));
      };
      const timer = setTimeout(giveUp, this.timeoutMs, `was not answered within ${this.timeoutMs} ms`);
      this.#open.add(giveUp);
      /** @returns false where the call was given up before. */
      const settle = (): boolean => {
        clearTimeout(timer);
        return this.#open.delete(giveUp);
      };
      (async () => call())().then(
        (value) => {
          if (settle()) return resolve(value);
          this.#late--;
          onLate?.(value);
        },
        (cause: unknown) => {
          if (settle()) return reject(new StoreFailedError(`redis: ${name} failed`, { cause }));
          this.#late--;
        },
      );
    });
  }

  /** Gives up every call under way. */
  giveUp(reason: string): void {
    for (const end of [...this.#open]) end(reason);
  }
}
