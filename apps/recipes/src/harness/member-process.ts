import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LogLevel } from './boot.js';
import { now } from './clock.js';
import type { ClusterAddress } from './cluster/recipe-cluster.js';
import type { DatabaseConfig } from './database/database-config.js';
import type { Journal } from './journal.js';
import type { MemberEvent } from './journal-events.js';

/** The compiled member, seen from `src` and from `dist` alike. */
const MEMBER = fileURLToPath(new URL('../../dist/harness/member.js', import.meta.url));

/** What a process of a recipe is told. */
export interface MemberOptions {
  /** Which recipe's app it runs. */
  readonly recipe: string;
  readonly id: string;
  readonly address: ClusterAddress;
  readonly database: DatabaseConfig | undefined;
  readonly log: LogLevel;
  /** Serves HTTP as well, on any free port. */
  readonly http: boolean;
}

/** A member of the group in a process of its own. What it tells stands in the journal. */
export class MemberProcess {
  readonly id: string;
  /** The exit code, or the signal that ended it. Everything it told is in the journal by then. */
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  #running = true;

  constructor(
    options: MemberOptions,
    private readonly journal: Journal,
  ) {
    this.id = options.id;
    // Without jest's own flags.
    const child = fork(MEMBER, [JSON.stringify(options)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    const tell = (event: MemberEvent): void => journal.add({ ...event, member: options.id });
    child.on('message', (event) => tell(event as MemberEvent));
    // The channel closes only when everything in it has been read.
    const drained = once(child, 'disconnect');
    this.exited = once(child, 'exit').then(async ([code, signal]) => {
      this.#running = false;
      await drained;
      const ended = (signal ?? code) as number | NodeJS.Signals;
      tell({ at: now(), type: 'exited', code: ended });
      return ended;
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Where it serves HTTP; waits until it does. */
  async url(): Promise<string> {
    const find = (): string | undefined =>
      this.journal.events.flatMap((event) =>
        event.type === 'listening' && event.member === this.id ? [event.url] : [],
      )[0];
    await this.journal.until(`HTTP of ${this.id}`, () => find() !== undefined);
    return find() as string;
  }

  /** SIGTERM: it drains and ends. */
  terminate(): void {
    if (this.#running) this.#child.kill('SIGTERM');
  }

  /** `kill -9`: it ends without a word. */
  kill(): void {
    if (this.#running) this.#child.kill('SIGKILL');
  }
}
