/** How the command ends. Closed: a new code is a change of the contract. */
export const EXIT_CODES = {
  /** Everything that matches was listed, replayed, or would be. */
  ok: 0,
  /** Something failed: no broker, no such dead-letter topic, no permission. */
  failed: 1,
  /** The command line or the config file is wrong; nothing was done. */
  usage: 2,
  /** Something that matches was not sent, or may be sent twice: the output says what and why. */
  incomplete: 3,
  /** Stopped by SIGINT or SIGTERM; what was sent until then is noted. */
  stopped: 130,
} as const;

/** One of {@link EXIT_CODES}. */
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** The command line or the config file is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
