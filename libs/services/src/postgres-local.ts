import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { serverUser, type PostgresBinaries, type PostgresUser } from './postgres-binaries.js';
import { PostgresCleaner } from './postgres-cleaner.js';
import { PostgresServerError } from './postgres-errors.js';
import type { PostgresServer } from './postgres.js';

/** A start with recovery of a small database takes well under a second; two cores may be shared by many. */
const START_MS = 60_000;
const STOP_MS = 30_000;
/** The last lines of the server's log that an error quotes. */
const LOG_LINES = 20;
const READY = 'database system is ready to accept connections';
/** What a start says while backends of a killed server are still on their way out. */
const NOT_YET = 'pre-existing shared memory block';

// Below every system's ephemeral range: a server that is away for a while must find its port free again.
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** One server of this machine: its directory, its port, and the process while it runs. */
export class LocalPostgres implements PostgresServer {
  readonly url: string;
  readonly #cleaner: PostgresCleaner;
  #child: ChildProcess | undefined;
  #log: string[] = [];

  private constructor(
    private readonly binaries: PostgresBinaries,
    private readonly directory: string,
    private readonly port: number,
    private readonly user: PostgresUser | undefined,
  ) {
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    this.#cleaner = new PostgresCleaner(directory);
  }

  static async start(binaries: PostgresBinaries): Promise<LocalPostgres> {
    const user = serverUser();
    const directory = mkdtempSync(join(tmpdir(), 'kafka-worker-postgres-'));
    if (user !== undefined) chownSync(directory, user.uid, user.gid);
    const server = new LocalPostgres(binaries, directory, await freePort(), user);
    try {
      await server.#initialise();
      await server.#run();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.#end('SIGINT');
    await this.#run();
  }

  async stop(): Promise<void> {
    await this.#end('SIGQUIT');
    await this.#cleaner.clean();
  }

  async #initialise(): Promise<void> {
    const args = ['--pgdata', this.#data, '--username', 'postgres', '--auth', 'trust', '--no-sync'];
    try {
      await promisify(execFile)(
        this.binaries.initdb,
        [...args, '--locale', 'C', '--encoding', 'UTF8'],
        this.#spawnOptions,
      );
    } catch (cause) {
      throw new PostgresServerError(`initdb failed: ${(cause as Error).message}`, { cause });
    }
  }

  async #run(): Promise<void> {
    const deadline = Date.now() + START_MS;
    for (;;) {
      const outcome = await this.#tryToRun(deadline - Date.now());
      if (outcome === 'ready') return;
      if (outcome === 'failed' || Date.now() > deadline) {
        throw new PostgresServerError(`PostgreSQL does not start:\n${this.#log.join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #tryToRun(timeoutMs: number): Promise<'ready' | 'not yet' | 'failed'> {
    this.#log = [];
    const settings = {
      port: String(this.port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      fsync: 'off',
      shared_buffers: '32MB',
      max_connections: '100',
      lc_messages: 'C',
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(this.binaries.postgres, ['-D', this.#data, ...flags], {
      ...this.#spawnOptions,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.unref();
    (child.stderr as Socket).unref();
    this.#child = child;
    let timer: NodeJS.Timeout | undefined;
    const outcome = await new Promise<'ready' | 'ended' | 'late'>((resolve) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.#log = [...this.#log, line].slice(-LOG_LINES);
        if (line.includes(READY)) resolve('ready');
      });
      child.once('error', (error) => {
        this.#log.push(error.message);
        resolve('ended');
      });
      child.once('close', () => resolve('ended'));
      timer = setTimeout(resolve, timeoutMs, 'late');
    });
    clearTimeout(timer);
    if (outcome === 'ready') return 'ready';
    if (outcome === 'late') await this.#end('SIGKILL');
    this.#child = undefined;
    return this.#log.some((line) => line.includes(NOT_YET)) ? 'not yet' : 'failed';
  }

  /** Ends the process and waits for it; one that does not run is left alone. */
  async #end(signal: 'SIGKILL' | 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    // A killed server leaves its process id behind, which may be somebody else's one day.
    rmSync(join(this.#data, 'postmaster.pid'), { force: true });
  }

  get #data(): string {
    return join(this.directory, 'data');
  }

  /** Its own directory as the working one: ours may be closed to the server's user. */
  get #spawnOptions(): { cwd: string; uid?: number; gid?: number } {
    return { cwd: this.directory, ...this.user };
  }
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
