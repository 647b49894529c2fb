import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { now } from './clock.js';
import type { MemberEvent, ToldByEngine } from './events.js';
import type { Ledger } from './ledger.js';
import type { MemberOptions } from './member-options.js';
import { eventually } from './waiting.js';

/** The compiled member, seen from `src` and from `dist` alike. */
const MEMBER = fileURLToPath(new URL('../dist/member.js', import.meta.url));

/** How long a member may take to join, and to end. Milliseconds. */
const PATIENCE_MS = 60_000;

/** Starts members as processes and writes what they tell into a ledger. */
export class Supervisor {
  readonly members: MemberProcess[] = [];

  constructor(readonly ledger: Ledger) {}

  /** Starts a member; does not wait for it. */
  start(options: MemberOptions): MemberProcess {
    // Without jest's own flags, and not as a test: kafkajs has other retries where NODE_ENV says so.
    const env = { ...process.env, NODE_ENV: 'production' };
    const child = fork(MEMBER, [JSON.stringify(options)], { execArgv: [], env });
    const member = new MemberProcess(options.id, child, (event) => this.ledger.events.push(event));
    this.members.push(member);
    return member;
  }

  /** Kills what still runs. */
  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
  }
}

/** A member in a process of its own. */
export class MemberProcess {
  readonly events: MemberEvent[] = [];
  readonly pid: number;
  /** The exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  #running = true;

  constructor(
    readonly id: string,
    private readonly child: ChildProcess,
    tell: (event: MemberEvent) => void,
  ) {
    this.pid = child.pid ?? -1;
    const hear = (event: MemberEvent): void => {
      this.events.push(event);
      tell(event);
    };
    child.on('message', (event) => hear(event as MemberEvent));
    // The channel closes only when everything in it has been read.
    const drained = once(child, 'disconnect');
    this.exited = once(child, 'exit').then(async ([code, signal]) => {
      this.#running = false;
      hear({ type: 'exited', member: id, pid: this.pid, at: now() });
      await drained;
      return (signal ?? code) as number | NodeJS.Signals;
    });
  }

  /** What the engine told, oldest first. */
  told<T extends ToldByEngine['event']['type']>(type: T): Told<T>[] {
    return this.events.flatMap((event) =>
      event.type === 'engine' && event.event.type === type ? [{ ...event.event, at: event.at } as Told<T>] : [],
    );
  }

  /** Handlers that run at this moment. */
  get running(): number {
    let running = 0;
    for (const { type } of this.events) running += type === 'start' ? 1 : type === 'end' ? -1 : 0;
    return running;
  }

  /** Records whose handlers have ended without an error, as `partition/offset` in the order of time. */
  get finished(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'end' && event.outcome === 'done' ? [`${event.partition}/${event.offset}`] : [],
    );
  }

  /** Records whose handlers have begun, each once. */
  get begun(): string[] {
    const names = this.events.flatMap((event) =>
      event.type === 'start' ? [`${event.partition}/${event.offset}`] : [],
    );
    return [...new Set(names)];
  }

  /** Resolves when it has been given at least one partition. */
  async assigned(timeoutMs = PATIENCE_MS): Promise<void> {
    const has = (): boolean => this.told('group.rebalanced').some(({ assigned }) => assigned.length > 0);
    await eventually(`partitions for ${this.id}`, has, timeoutMs);
  }

  /** SIGTERM; resolves with the exit code when it has ended. */
  async terminate(): Promise<number | NodeJS.Signals> {
    if (this.#running) this.child.kill('SIGTERM');
    return this.exited;
  }

  /** SIGKILL; resolves when it has ended. */
  async kill(): Promise<number | NodeJS.Signals> {
    if (this.#running) this.child.kill('SIGKILL');
    return this.exited;
  }
}

/** An engine event with the time at which it was told. */
export type Told<T extends ToldByEngine['event']['type']> = Extract<ToldByEngine['event'], { type: T }> & {
  readonly at: number;
};
