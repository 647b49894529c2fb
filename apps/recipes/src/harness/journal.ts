import type { JournalEvent, PlainEngineEvent } from './journal-events.js';
import { runsOf, type Run } from './runs.js';

/** How long the journal waits for something that should happen. Milliseconds. */
const PATIENCE_MS = 60_000;

/** An engine event with when and where it was told. */
export type Told<T extends PlainEngineEvent['type']> = Extract<PlainEngineEvent, { type: T }> & {
  readonly at: number;
  readonly member: string;
};

/** Everything that happened in a recipe, in every member, and a way to wait for it. */
export class Journal {
  readonly events: JournalEvent[] = [];
  readonly #watchers = new Set<() => void>();

  readonly add = (event: JournalEvent): void => {
    this.events.push(event);
    for (const look of this.#watchers) look();
  };

  /**
   * Resolves when `look` is true: looks now and after each event; given `everyMs`, for those who have much to look at, so
   * often. Rejects when that takes longer than a minute.
   */
  until(what: string, look: (journal: Journal) => boolean, everyMs?: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#watchers.delete(check);
        clearInterval(ticks);
        clearTimeout(timer);
      };
      const check = (): void => {
        if (!look(this)) return;
        end();
        resolve();
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`waited ${PATIENCE_MS} ms in vain: ${what}`));
      }, PATIENCE_MS);
      const ticks = everyMs === undefined ? undefined : setInterval(check, everyMs);
      if (ticks === undefined) this.#watchers.add(check);
      check();
    });
  }

  /** Calls `hear` with each event from now on. Returns the function that ends it. */
  follow(hear: (event: JournalEvent) => void): () => void {
    let seen = this.events.length;
    const look = (): void => {
      for (const event of this.events.slice(seen)) hear(event);
      seen = this.events.length;
    };
    this.#watchers.add(look);
    return () => this.#watchers.delete(look);
  }

  /** Every attempt, in the order of its start. */
  runs(): Run[] {
    return runsOf(this.events);
  }

  /** Handlers that run at this moment; of one member, or of all. */
  running(member?: string): number {
    return this.runs().filter((run) => run.outcome === 'running' && (member === undefined || run.member === member))
      .length;
  }

  /** What the engine told of one kind, in order. */
  told<T extends PlainEngineEvent['type']>(type: T): Told<T>[] {
    return this.events.flatMap((event) =>
      event.type === 'engine' && event.event.type === type
        ? [{ ...event.event, at: event.at, member: event.member } as Told<T>]
        : [],
    );
  }

  /** Records that are settled, as done or skipped; a record that comes to two groups counts twice. */
  settled(): number {
    const names = this.told('record.settled')
      .filter(({ disposition }) => disposition !== 'abandoned')
      .map(({ groupId, topic, partition, offset }) => `${groupId} ${topic}/${partition}/${offset}`);
    return new Set(names).size;
  }
}
