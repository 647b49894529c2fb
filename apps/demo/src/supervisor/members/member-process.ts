import type { FromMember, ToMember } from '../../member/protocol.js';

/** How a process ended. */
export interface MemberEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Who hears a member. */
export interface MemberListener {
  message(message: FromMember): void;
  /** Nothing comes any more. */
  ended(end: MemberEnd): void;
}

/** A process of the group, wherever it runs. */
export interface MemberProcess {
  readonly pid: number;
  send(message: ToMember): void;
  /** At once, as kill -9. */
  kill(): void;
}
