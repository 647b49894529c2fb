import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromMember, ToMember } from '../../member/protocol.js';
import type { MemberSetup } from '../../shop/common/member-setup.js';
import type { MemberListener, MemberProcess } from './member-process.js';

const ENTRY = fileURLToPath(new URL('../../member/main.js', import.meta.url));

/** A member in a process of its own, which can be killed. */
export class ForkedMember implements MemberProcess {
  readonly pid: number;
  readonly #child: ChildProcess;

  constructor(setup: MemberSetup, listener: MemberListener) {
    const child = fork(ENTRY, [JSON.stringify(setup)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child = child;
    this.pid = child.pid ?? -1;
    let errors = '';
    child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
    child.on('message', (message) => listener.message(message as FromMember));
    // Its last messages may still be under way when it exits.
    let open = 2;
    const closed = (): void => {
      if (--open > 0) return;
      const { exitCode, signalCode } = child;
      if (exitCode) listener.message({ type: 'failed', message: errors.trim() || `ended with exit code ${exitCode}` });
      listener.ended({ code: exitCode, signal: signalCode });
    };
    child.once('disconnect', closed);
    child.once('exit', closed);
    child.once('error', (error) => listener.message({ type: 'failed', message: error.message }));
  }

  send(message: ToMember): void {
    // The callback keeps a write to a process that has just died from becoming an error event.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
