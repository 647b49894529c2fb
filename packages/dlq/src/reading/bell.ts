import type { Clock } from '@kafka-worker/engine';

/** Something that can be waited for again and again: `ring` ends every wait under way. */
export class Bell {
  readonly #waiting = new Set<(rung: boolean) => void>();

  constructor(private readonly clock: Clock) {}

  /** True when it rang; false when `ms` milliseconds passed first, or `signal` was aborted. */
  wait(ms?: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (rung: boolean): void => {
        if (timer !== undefined) this.clock.clearTimer(timer);
        signal?.removeEventListener('abort', aborted);
        this.#waiting.delete(done);
        resolve(rung);
      };
      const aborted = (): void => done(false);
      const timer = ms === undefined ? undefined : this.clock.setTimer(() => done(false), ms);
      this.#waiting.add(done);
      if (signal?.aborted) done(false);
      else signal?.addEventListener('abort', aborted);
    });
  }

  ring(): void {
    for (const done of [...this.#waiting]) done(true);
  }
}
