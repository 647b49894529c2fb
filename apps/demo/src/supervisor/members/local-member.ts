import type { FromMember, ToMember } from '../../member/protocol.js';
import type { MemberSetup } from '../../shop/common/member-setup.js';
import type { MemberListener, MemberProcess } from './member-process.js';

/** A member in the supervisor's own process. */
export class LocalMember implements MemberProcess {
  readonly pid = process.pid;
  /** What came before the member listened. */
  #early: ToMember[] = [];
  #listener: ((message: ToMember) => void) | undefined;

  constructor(setup: MemberSetup, listener: MemberListener) {
    const post = (message: FromMember): void => listener.message(message);
    const listen = (hear: (message: ToMember) => void): void => {
      this.#listener = hear;
      for (const message of this.#early.splice(0)) hear(message);
    };
    // Loaded late: a supervisor of other processes needs no Nest, and topics are named by then.
    void import('../../member/run-member.js')
      .then(({ runMember }) => runMember(setup, { post, listen }))
      .then(
        () => listener.ended({ code: 0, signal: null }),
        (error: unknown) => {
          post({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
          listener.ended({ code: 1, signal: null });
        },
      );
  }

  send(message: ToMember): void {
    if (this.#listener) this.#listener(message);
    else this.#early.push(message);
  }

  kill(): void {
    // It goes with this process.
  }
}
