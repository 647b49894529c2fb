import type { WorkEntry } from '../ledger/work-entry.js';
import type { Journal } from '../shop/journal/journal.js';
import type { SupervisorLine } from './protocol.js';

/** A journal that is kept by the supervisor. What is written in one turn of the event loop travels as one batch. */
export class ReportingJournal implements Journal {
  #entries: WorkEntry[] = [];
  #batch = 1;
  /** Who waits for a batch to be read. */
  readonly #waiting = new Map<number, (() => void)[]>();

  constructor(private readonly line: SupervisorLine) {}

  write(entry: WorkEntry): void {
    if (this.#entries.push(entry) === 1) setImmediate(() => this.#flush());
  }

  confirm(entry: WorkEntry): Promise<void> {
    this.write(entry);
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(this.#batch);
      if (waiting) waiting.push(resolve);
      else this.#waiting.set(this.#batch, [resolve]);
    });
  }

  /** The supervisor has read a batch. */
  read(batch: number): void {
    const waiting = this.#waiting.get(batch) ?? [];
    this.#waiting.delete(batch);
    for (const resolve of waiting) resolve();
  }

  #flush(): void {
    const entries = this.#entries;
    this.#entries = [];
    this.line.post({ type: 'work', batch: this.#batch++, entries });
  }
}
