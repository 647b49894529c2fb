import { openSync, readFileSync, writeSync } from 'node:fs';

/**
 * start   a handler has begun
 * effect  what a handler is there for
 * marked  the idempotency store has the key for settled
 */
export type Deed = 'start' | 'effect' | 'marked';

/** One line of the log. */
export interface Entry {
  readonly deed: Deed;
  /** Of the record, or its key. */
  readonly name: string;
  readonly pid: number;
}

/**
 * A file that many processes append to. One write a line, in append mode: a line is there whole or not at all, whatever
 * becomes of its writer, and no line of another is overwritten.
 */
export class EffectLog {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  append(deed: Deed, name: string): void {
    writeSync(this.#file, `${deed} ${name} ${process.pid}\n`);
  }
}

/** Everything in the log, in the order of the writes. */
export function readLog(path: string): Entry[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [deed, name, pid] = line.split(' ') as [Deed, string, string];
      return { deed, name, pid: Number(pid) };
    });
}
