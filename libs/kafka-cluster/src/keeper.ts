import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { KafkaClusterError } from './errors.js';
import { KEEPER } from './paths.js';
import { within } from './waiting.js';

interface KeeperEvent {
  readonly event: 'started' | 'exited';
  readonly id: string;
  readonly pid?: number;
  readonly error?: string;
}

/** What a keeper is given at its start. */
export interface KeeperOptions {
  /** Deleted with all that is in it when the keeper ends. */
  readonly directory: string;
  /** A command to run after the last process is gone and before the directory is. */
  readonly atEnd?: readonly string[];
}

/**
 * Our end of bin/keeper.mjs: starts processes that cannot outlive us. Neither the keeper nor its pipes keep this
 * process alive; when it ends, in whatever way, the keeper cleans up.
 */
export class Keeper {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #events = new EventEmitter();
  readonly #pids = new Map<string, number>();
  readonly #ended: Promise<unknown>;

  constructor(options: KeeperOptions) {
    // In a process group of its own: a SIGKILL for our whole group must leave somebody to clean up.
    this.#child = spawn(process.execPath, [KEEPER, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    this.#ended = once(this.#child, 'exit');
    this.#child.stdin.on('error', () => undefined);
    this.#child.unref();
    (this.#child.stdin as Socket).unref();
    (this.#child.stdout as Socket).unref();
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#onEvent(JSON.parse(line) as KeeperEvent));
  }

  /** The process id of a running process, `undefined` when it does not run. */
  pid(id: string): number | undefined {
    return this.#pids.get(id);
  }

  /** Starts a process whose output is appended to the file `output`; gives its process id. */
  async start(id: string, command: string, args: readonly string[], output: string): Promise<number> {
    if (this.#pids.has(id)) throw new KafkaClusterError(`${id} runs already`);
    const answered = this.#next(id);
    this.#send({ op: 'start', id, command, args, output });
    const { pid, error } = await within(`start of ${command}`, 10_000, answered);
    if (pid === undefined) throw new KafkaClusterError(`Cannot start ${command}: ${error ?? 'it ended at once'}`);
    return pid;
  }

  /** Sends a signal; one that does not run is left alone. */
  signal(id: string, signal: NodeJS.Signals): void {
    this.#send({ op: 'signal', id, signal });
  }

  /** Sends a signal that ends the process and waits until it has ended, at most `timeoutMs`. */
  async terminate(id: string, signal: 'SIGTERM' | 'SIGKILL', timeoutMs: number): Promise<void> {
    if (!this.#pids.has(id)) return;
    const exited = this.#next(id);
    this.signal(id, signal);
    await within(`end of ${id} after ${signal}`, timeoutMs, exited);
  }

  /** Kills every process, deletes the directory, and waits until that is done. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    await within('end of the keeper', 60_000, this.#ended);
  }

  async #next(id: string): Promise<KeeperEvent> {
    const [event] = (await once(this.#events, id)) as [KeeperEvent];
    return event;
  }

  #send(command: object): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  #onEvent(event: KeeperEvent): void {
    if (event.event === 'started' && event.pid !== undefined) this.#pids.set(event.id, event.pid);
    else this.#pids.delete(event.id);
    this.#events.emit(event.id, event);
  }
}
