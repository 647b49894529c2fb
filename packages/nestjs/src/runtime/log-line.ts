import { inspect } from 'node:util';
import type { EngineEvent } from '@kafka-worker/engine';

/** What is said of an error: no more than this, since errors of others carry whatever they were made with. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  /** At level error only. */
  readonly stack?: string;
}

/**
 * One line of the log, for people and for machines: a text where text is wanted, an object with the event's fields where
 * a logger takes objects. Nest's ConsoleLogger prints the text; nestjs-pino puts the fields beside it; what looks for
 * `message`, as winston does, finds it. Holds what the event holds: no payload, no key.
 * @internal
 */
export class LogLine {
  /** The text, under the name that pino has for it. */
  readonly msg: string;
  readonly event: EngineEvent['type'];
  readonly error?: LoggedError;

  /** @param stack whether the error's stack goes along */
  constructor(text: string, event: EngineEvent, stack: boolean = false) {
    const { type, ...fields } = event;
    this.msg = text;
    this.event = type;
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      if (value instanceof Error) this.error = loggedError(value, stack);
      else Object.assign(this, { [name]: value });
    }
  }

  /** Not its own, or loggers that copy fields would have the text twice. */
  get message(): string {
    return this.msg;
  }

  toString(): string {
    return this.msg;
  }

  [inspect.custom](): string {
    return this.error?.stack === undefined ? this.msg : `${this.msg}\n${this.error.stack}`;
  }
}

function loggedError({ name, message, stack }: Error, withStack: boolean): LoggedError {
  return { type: name, message, ...(withStack && stack !== undefined && { stack }) };
}
