import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The compiled command. */
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** The command in a process of its own. */
export class CliProcess {
  readonly out: string[] = [];
  readonly err: string[] = [];
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;

  /** @param onOut told of each line of stdout */
  constructor(args: readonly string[], brokers: readonly string[], onOut: (line: string) => void = () => undefined) {
    // Without jest's own flags.
    const env = { ...process.env, NODE_OPTIONS: '', KAFKA_BROKERS: brokers.join(',') };
    const child = (this.#child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.out.push(line);
      onOut(line);
    });
    createInterface({ input: child.stderr }).on('line', (line) => this.err.push(line));
    this.ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  }

  /** What it wrote, as JSON. */
  get json(): Record<string, unknown>[] {
    return this.out.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Its last line as JSON: the report. */
  get report(): {
    readonly totals: { readonly sent: number };
    readonly problems: readonly { readonly type: string }[];
  } {
    return this.json.at(-1) as unknown as CliProcess['report'];
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
