/** npm hands a Ctrl-C on that the terminal has already sent, so one key press arrives twice within milliseconds. */
const SAME_PRESS_MS = 500;

/** Ctrl-C, or SIGTERM: the first asks for a drain, the second for the end. */
export class Interrupts {
  /** Resolves with the first one. */
  readonly first: Promise<void>;
  #resolve!: () => void;
  #firstAt: number | undefined;
  readonly #heard = (): void => this.#interrupt();

  constructor(private readonly force: () => void) {
    this.first = new Promise((resolve) => (this.#resolve = resolve));
    process.on('SIGINT', this.#heard);
    process.on('SIGTERM', this.#heard);
  }

  get interrupted(): boolean {
    return this.#firstAt !== undefined;
  }

  close(): void {
    process.off('SIGINT', this.#heard);
    process.off('SIGTERM', this.#heard);
  }

  #interrupt(): void {
    const now = performance.now();
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#resolve();
    } else if (now - this.#firstAt > SAME_PRESS_MS) this.force();
  }
}
