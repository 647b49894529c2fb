import { ensureError } from '@kafka-worker/engine';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Subject, type Observable } from 'rxjs';
import { isRecord } from '../utils/show.js';
import { ADMIN_SETTINGS, type AdminSettings } from './admin-options.js';
import type { Problem } from './problem.js';
import type { AdminRequest, KafkaWorkerCommand } from './requests.js';

const NOBODY = 'unknown';
const WHO_CHARS = 200;
/** In this order. */
const USER_NAMES = ['id', 'sub', 'username', 'name'] as const;

/** What a command was for, as far as the request said it. */
export interface CommandTarget {
  readonly connection?: string;
  readonly worker?: string;
  readonly topic?: string;
  readonly partition?: number;
}

/** A command, whatever became of it. Holds no payload, and nothing of the request but what a command knows. */
export interface KafkaWorkerCommandEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly who: string;
  readonly command: KafkaWorkerCommand;
  readonly target: CommandTarget;
  /** Known fields only, long ones cut. */
  readonly body: Readonly<Record<string, unknown>>;
  /**
   * done      it was carried out
   * accepted  it has begun and goes on: a drain
   * refused   it was not carried out, and the request is why: a guard, a mistake, an unknown target, a conflict
   * failed    it could not be carried out, or not to its end
   */
  readonly outcome: 'done' | 'accepted' | 'refused' | 'failed';
  /** Of the answer. */
  readonly status: number;
  /** The answer, where there was no problem. */
  readonly result?: object;
  readonly problem?: Problem;
}

/** What a command ends with. @internal */
export type CommandEnd = Pick<KafkaWorkerCommandEvent, 'outcome' | 'status' | 'result' | 'problem'>;

/** What a command began with. @internal */
export type CommandStart = Pick<KafkaWorkerCommandEvent, 'command' | 'target' | 'body'>;

/**
 * Hears of every command: injectable wherever `KafkaWorkerAdminModule` is imported. Each is also one line of the log, at
 * `log` where it was done and at `warn` where not.
 */
@Injectable()
export class KafkaWorkerAudit implements OnApplicationShutdown {
  readonly #events = new Subject<KafkaWorkerCommandEvent>();
  readonly #logger = new Logger('KafkaWorkerAudit');
  readonly #settings: AdminSettings;

  /** @internal */
  constructor(@Inject(ADMIN_SETTINGS) settings: AdminSettings) {
    this.#settings = settings;
  }

  /** Every command from subscription on. Completes with the application. */
  get audit$(): Observable<KafkaWorkerCommandEvent> {
    return this.#events.asObservable();
  }

  /** Never throws: the command has happened. @internal */
  tell(request: AdminRequest, start: CommandStart, end: CommandEnd): void {
    const event: KafkaWorkerCommandEvent = { at: Date.now(), who: this.#who(request), ...start, ...end };
    const line = JSON.stringify(event);
    if (end.problem === undefined) this.#logger.log(line);
    else this.#logger.warn(line);
    this.#events.next(event);
    const { onCommand } = this.#settings;
    if (!onCommand) return;
    // in a turn of its own, so that it neither holds up nor changes the answer
    void Promise.resolve(event)
      .then(onCommand)
      .catch((thrown: unknown) => {
        const { message, stack } = ensureError(thrown);
        this.#logger.error(`onCommand failed: ${message}`, stack);
      });
  }

  onApplicationShutdown(): void {
    this.#events.complete();
  }

  #who(request: AdminRequest): string {
    const { who } = this.#settings;
    try {
      const name: unknown = who ? who(request as never) : userOf(request);
      return typeof name === 'string' && name !== '' ? name.slice(0, WHO_CHARS) : NOBODY;
    } catch (thrown) {
      this.#logger.error(`who failed: ${ensureError(thrown).message}`);
      return NOBODY;
    }
  }
}

function userOf({ user }: AdminRequest): string | undefined {
  if (!isRecord(user)) return undefined;
  const name = USER_NAMES.map((field) => user[field]).find(
    (value) => typeof value === 'number' || (typeof value === 'string' && value !== ''),
  );
  return name === undefined ? undefined : String(name);
}
