import { ConfigurationError, type ConfigurationMistake } from '@kafka-worker/engine';
import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { isRecord, show } from '../utils/show.js';
import type { KafkaWorkerCommandEvent } from './audit.js';

/** As `@UseGuards` takes them: a class, made by Nest with what it injects, or an instance. */
export type AdminGuard = Type<CanActivate> | CanActivate;

/** Who may do something. */
export interface AdminAccess {
  /** At least one; the first that refuses decides. What their classes inject comes from `imports` or global modules. */
  readonly guards: readonly AdminGuard[];
}

/**
 * shown   as they are
 * hashed  as `sha256:` and 16 digits, so that equal ones can be told; whoever can guess a key can check the guess
 * hidden  not at all
 */
export type ShownKeys = 'shown' | 'hashed' | 'hidden';

/** Options of `KafkaWorkerAdminModule.forRoot`. */
export interface KafkaWorkerAdminOptions {
  /** Where the routes are, behind the application's global prefix. Default `kafka`. */
  readonly path?: string;
  /**
   * Who may command. Left out (default): there are no such routes at all. `'unguarded'`: everybody who reaches the
   * port, or whom global guards let through.
   */
  readonly commands?: AdminAccess | 'unguarded';
  /** Who may read. Default: everybody who reaches the port, or whom global guards let through. */
  readonly reads?: AdminAccess;
  /** Modules that export what the guards inject. */
  readonly imports?: ModuleMetadata['imports'];
  /**
   * Who sent a command, for the audit; given the request of the HTTP framework, behind the guards where they let it
   * through. Default: `id`, `sub`, `username` or `name` of `request.user`, else `unknown`.
   */
  readonly who?: (request: never) => string;
  /** Hears of every command, refused and failed ones included. What it throws is logged, and changes nothing. */
  readonly onCommand?: (event: KafkaWorkerCommandEvent) => void | Promise<void>;
  /** Record keys in answers. Default `'hashed'`: a key is often a person's. */
  readonly keys?: ShownKeys;
  /** Messages of handlers' errors in answers, which may quote a payload. Default `'shown'`. */
  readonly errors?: 'shown' | 'hidden';
  /** How long a cluster may take to answer all that one request asks of it. Milliseconds. Default 5,000. */
  readonly answerMs?: number;
}

/** The options with their defaults. @internal */
export interface AdminSettings {
  readonly who: ((request: never) => string) | undefined;
  readonly onCommand: ((event: KafkaWorkerCommandEvent) => void | Promise<void>) | undefined;
  readonly keys: ShownKeys;
  readonly errors: 'shown' | 'hidden';
  readonly answerMs: number;
}

/** @internal */
export const ADMIN_SETTINGS = 'KAFKA_WORKER_ADMIN_SETTINGS';

/** @internal */
export function settingsOf({ who, onCommand, keys, errors, answerMs }: KafkaWorkerAdminOptions): AdminSettings {
  return { who, onCommand, keys: keys ?? 'hashed', errors: errors ?? 'shown', answerMs: answerMs ?? 5_000 };
}

const NAMES = ['path', 'commands', 'reads', 'imports', 'who', 'onCommand', 'keys', 'errors', 'answerMs'];

/** @throws ConfigurationError with everything that is wrong. @internal */
export function checkAdminOptions(given: KafkaWorkerAdminOptions): void {
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (option: string, message: string): void =>
    void mistakes.push({ where: 'KafkaWorkerAdminModule', option, message });
  const oneOf = (option: string, value: unknown, allowed: readonly string[]): void => {
    if (value === undefined || allowed.includes(value as string)) return;
    wrong(option, `${show(value)} is not allowed; ${allowed.map((name) => `'${name}'`).join(' or ')} is`);
  };
  const called = (option: string, value: unknown): void => {
    if (value !== undefined && typeof value !== 'function')
      wrong(option, `${show(value)} is not allowed; a function is`);
  };
  for (const name of Object.keys(given)) {
    if (!NAMES.includes(name)) wrong(name, `there is no such option; allowed are ${NAMES.join(', ')}`);
  }
  const { path, commands, reads, imports, who, onCommand, keys, errors, answerMs } = given;
  if (path !== undefined && (typeof path !== 'string' || path.replaceAll('/', '') === '')) {
    wrong('path', `${show(path)} is not allowed; a path that is not empty is`);
  }
  if (commands !== undefined && commands !== 'unguarded' && !isAccess(commands)) {
    wrong('commands', `${show(commands)} is not allowed; { guards: [...] } with at least one, or 'unguarded', is`);
  }
  if (reads !== undefined && !isAccess(reads)) {
    wrong('reads', `${show(reads)} is not allowed; { guards: [...] } with at least one is`);
  }
  if (imports !== undefined && !Array.isArray(imports)) {
    wrong('imports', `${show(imports)} is not allowed; a list of modules is`);
  }
  called('who', who);
  called('onCommand', onCommand);
  oneOf('keys', keys, ['shown', 'hashed', 'hidden']);
  oneOf('errors', errors, ['shown', 'hidden']);
  if (answerMs !== undefined && !(Number.isInteger(answerMs) && answerMs >= 1)) {
    wrong('answerMs', `${show(answerMs)} is not allowed; a whole number of 1 or more is`);
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

function isAccess(given: unknown): boolean {
  if (!isRecord(given)) return false;
  const { guards, ...others } = given;
  if (Object.keys(others).length > 0 || !Array.isArray(guards) || guards.length === 0) return false;
  return guards.every((guard) => typeof guard === 'function' || (isRecord(guard) && 'canActivate' in guard));
}
