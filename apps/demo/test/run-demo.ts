import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A demo that runs, as built into `dist`. */
export class RunningDemo {
  output = '';
  readonly exit: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const inherited = { ...process.env };
    delete inherited['NODE_OPTIONS']; // jest's, not the demo's
    this.#child = spawn(process.execPath, [MAIN, ...args], { cwd: ROOT, env: { ...inherited, ...env } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
        for (const look of this.#waiting) look();
      });
    }
    this.exit = new Promise((resolve) => this.#child.once('close', (code) => resolve(code)));
  }

  /** The last line with anything on it. */
  get lastLine(): string {
    return this.output.trimEnd().split('\n').at(-1) ?? '';
  }

  /** Resolves with the match when the output has one. Rejects when the demo ends without it. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    let look = (): void => undefined;
    const found = new Promise<RegExpExecArray>((resolve) => {
      look = () => {
        const match = pattern.exec(this.output);
        if (match) resolve(match);
      };
      this.#waiting.add(look);
      look();
    });
    const ended = this.exit.then((code) => {
      throw new Error(`the demo ended with ${code} and no ${pattern}:\n${this.output}`);
    });
    ended.catch(() => undefined);
    try {
      return await Promise.race([found, ended]);
    } finally {
      this.#waiting.delete(look);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it for good where a test has failed. */
  async dispose(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exit;
  }
}
