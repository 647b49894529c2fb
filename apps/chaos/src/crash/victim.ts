import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CrashMemberOptions } from './member-options.js';
import type { Order, Report } from './messages.js';
import type { Hold } from './moments.js';

/** The compiled member, seen from `src` and from `dist` alike. */
const MEMBER = fileURLToPath(new URL('../../dist/crash/member.js', import.meta.url));

/** How long a member may take to come where it is waited for, and to end by itself. Milliseconds. */
const PATIENCE_MS = 40_000;

/** What is kept of its stderr. Characters. */
const STDERR_CHARS = 2_000;

type ReportOf<T extends Report['type']> = Extract<Report, { type: T }>;

/** A member process from its fork to its end. */
export class Victim {
  readonly id: string;
  /** The exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(report: Report | undefined) => void>();
  readonly #troubles: string[] = [];
  #owns: readonly number[] = [];
  #stderr = '';
  #running = true;
  #asked = false;

  constructor(readonly options: CrashMemberOptions) {
    this.id = options.id;
    // Without jest's own flags, and not as a test: kafkajs has other retries where NODE_ENV says so.
    const env = { ...process.env, NODE_ENV: 'production' };
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const;
    const child = fork(MEMBER, [JSON.stringify(options)], { execArgv: [], env, stdio: [...stdio] });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS);
    });
    child.on('message', (report) => this.#hear(report as Report));
    this.exited = once(child, 'exit').then(([code, signal]) => {
      this.#running = false;
      for (const listener of [...this.#listeners]) listener(undefined);
      return (signal ?? code) as number | NodeJS.Signals;
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Partitions of the last join it was in. */
  get owns(): readonly number[] {
    return this.#owns;
  }

  /** Somebody has sent it a signal to end: that it does is no accident. */
  get asked(): boolean {
    return this.#asked;
  }

  /** What it said of itself, for messages. */
  get story(): string {
    return [`member ${this.id} (${this.pid}), owns ${this.#owns.join(' ')}`, ...this.#troubles, this.#stderr].join(
      '\n  ',
    );
  }

  /** The next report of this kind. @throws Error where the process ends before, or after 40 s. */
  heard<T extends Report['type']>(type: T): Promise<ReportOf<T>> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
      };
      const fail = (why: string): void => {
        over();
        reject(new Error(`${why} and never came to '${type}': ${this.story}`));
      };
      const listener = (report: Report | undefined): void => {
        if (report === undefined) return fail('it ended');
        if (report.type !== type) return;
        over();
        resolve(report as ReportOf<T>);
      };
      const timer = setTimeout(fail, PATIENCE_MS, `it was waited for ${PATIENCE_MS} ms`);
      timer.unref(); // of several that are waited for one may come
      this.#listeners.add(listener);
    });
  }

  /** Resolves when the member is held. @throws as {@link heard} */
  async held(hold: Hold): Promise<void> {
    const held = this.heard('held');
    this.#order({ type: 'hold', ...hold });
    await held;
  }

  /** SIGSTOP: it does nothing more, and its connections stay open. */
  stop(): void {
    if (this.#running) this.#child.kill('SIGSTOP');
  }

  /** What is held goes on, and what was to be held is not. */
  release(): void {
    this.#order({ type: 'release' });
  }

  /** SIGCONT, and what is held goes on. */
  goOn(): void {
    this.release();
    if (this.#running) this.#child.kill('SIGCONT');
  }

  /** SIGKILL; resolves when it has ended. */
  async kill(): Promise<number | NodeJS.Signals> {
    this.#signal('SIGKILL');
    return this.exited;
  }

  /** SIGTERM; does not wait. */
  terminate(): void {
    this.#signal('SIGTERM');
  }

  #signal(signal: NodeJS.Signals): void {
    this.#asked = true;
    if (this.#running) this.#child.kill(signal);
  }

  #order(order: Order): void {
    // A member that stands still cannot be told anything before it goes on; that it is gone shows elsewhere.
    if (this.#child.connected) this.#child.send(order, () => undefined);
  }

  #hear(report: Report): void {
    if (report.type === 'owns') this.#owns = report.partitions;
    if (report.type === 'trouble') this.#troubles.push(report.text);
    for (const listener of [...this.#listeners]) listener(report);
  }
}
