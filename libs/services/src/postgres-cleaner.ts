import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * Waits for the end of its stdin, which comes with the end of our process, however that ends. Then it ends the server
 * that has its process id in the directory, and deletes the directory.
 */
const SCRIPT = `
trap '' INT TERM HUP
cat > /dev/null
if pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null) && [ -n "$pid" ]; then
  kill -QUIT "$pid" 2> /dev/null
  while kill -0 "$pid" 2> /dev/null; do sleep 0.05; done
fi
rm -rf -- "$1"
`;

/** Takes a directory away, and the server in it, when it is told to or when this process is gone, even by SIGKILL. */
export class PostgresCleaner {
  readonly #child: ChildProcessByStdio<Writable, null, null>;
  readonly #ended: Promise<unknown>;

  constructor(directory: string) {
    // In a process group of its own: what ends our whole group must leave somebody to clean up.
    this.#child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', directory], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#ended = once(this.#child, 'exit');
    this.#child.stdin.on('error', () => undefined);
    this.#child.unref();
    (this.#child.stdin as Socket).unref();
  }

  /** Idempotent; waits until the directory is gone. */
  async clean(): Promise<void> {
    // Who waits here must not find the process ended for want of anything else to do.
    this.#child.ref();
    this.#child.stdin.end();
    await this.#ended;
  }
}
