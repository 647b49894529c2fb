import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { LoopEvent, LoopOptions } from './transaction-loop.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** The loop as one file that Node runs. Returns its path and what removes it. */
export function bundleLoop(name: string): { file: string; remove: () => Promise<void> } {
  const file = `${ROOT}.cache/kafkajs/${name}.mjs`;
  buildSync({
    entryPoints: [fileURLToPath(new URL('./transaction-loop.ts', import.meta.url))],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['kafkajs', 'snappyjs', 'lz4-napi', 'zstd-codec'],
    alias: { '@kafka-worker/engine': `${ROOT}packages/engine/src/index.ts` },
    logLevel: 'silent',
  });
  return { file, remove: () => rm(file, { force: true }) };
}

/** How long a process may take to end by itself. Milliseconds. */
const STOP_PATIENCE_MS = 10_000;

/** A process that commits number after number. */
export class LoopProcess {
  readonly events: LoopEvent[] = [];
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;

  constructor(file: string, options: LoopOptions) {
    // Without jest's own flags, and not as a test: kafkajs has other retries where NODE_ENV says so.
    const env = { ...process.env, NODE_ENV: 'production' };
    this.child = fork(file, [JSON.stringify(options)], { execArgv: [], env });
    this.child.on('message', (event) => this.events.push(event as LoopEvent));
    this.exited = once(this.child, 'exit');
  }

  /** Numbers it was told to be committed. */
  get did(): number[] {
    return this.events.flatMap((event) => (event.type === 'did' ? [event.number] : []));
  }

  has(type: LoopEvent['type']): boolean {
    return this.events.some((event) => event.type === type);
  }

  /** Ends by itself after the transaction under way. Resolves with the exit code, null where it had to be killed. */
  async stop(): Promise<number | null> {
    if (this.child.connected) this.child.send('stop');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_PATIENCE_MS);
    await this.exited;
    clearTimeout(timer);
    return this.child.exitCode;
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
