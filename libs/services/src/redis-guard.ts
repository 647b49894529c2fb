import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

/**
 * Runs a command until its own stdin says `keep` or ends, as it does when the process at the other end dies. Then it
 * kills the command; where nobody is left to use the directory, it removes that, too.
 */
const SCRIPT = `
directory=$1; log=$2; shift 2
"$@" </dev/null >>"$log" 2>&1 &
pid=$!
echo "$pid"
IFS= read -r word
kill -9 "$pid" 2>/dev/null
wait "$pid"
[ "$word" = keep ] || rm -rf "$directory"
`;

/** A process that cannot outlive this one. Neither it nor its pipes keep this one alive. */
export class RedisGuard {
  readonly #ended: Promise<unknown>;

  private constructor(
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    readonly pid: number,
  ) {
    this.#ended = once(child, 'exit');
  }

  /** @param directory goes when this process dies without `end`. @param log gets what the command prints. */
  static async start(directory: string, log: string, command: readonly string[]): Promise<RedisGuard> {
    // In a process group of its own: a SIGKILL for our whole group must leave somebody to clean up.
    const child = spawn('/bin/sh', ['-c', SCRIPT, 'guard', directory, log, ...command], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    child.stdin.on('error', () => undefined);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    child.unref();
    (child.stdin as Socket).unref();
    (child.stdout as Socket).unref();
    return new RedisGuard(child, Number(line.toString()));
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** SIGKILL, and waits until it is gone. The directory stays. */
  async end(): Promise<void> {
    this.child.ref();
    this.child.stdin.end('keep\n');
    await this.#ended;
  }
}
