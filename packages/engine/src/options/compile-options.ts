import { exponential } from '../delivery/backoff.js';
import { freeze, isFailurePolicy } from '../delivery/failure-policy.js';
import type { ConfigurationMistake } from '../errors/configuration.error.js';
import {
  CONCURRENCIES,
  WORKER_OPTION_NAMES,
  type CommitCadence,
  type CompiledWorkerOptions,
  type WorkerOptions,
} from './worker-options.js';

const DEFAULT_LIMIT = 16;
const DEFAULT_ATTEMPTS = 3;
const DEFAULT_COMMIT_INTERVAL_MS = 1000;
const DEFAULT_COMMIT_RECORDS = 1000;
const DEFAULT_BUFFER_RECORDS = 1000;
const DEFAULT_BUFFER_BYTES = 16 * 1024 * 1024;

/**
 * Everything that is wrong with a worker's options; an empty list means that `compileWorkerOptions` will succeed.
 * `where` names the worker, `extraNames` the options that belong to a layer above and are checked there.
 */
export function checkWorkerOptions(
  options: WorkerOptions,
  where: string,
  extraNames: readonly string[] = [],
): ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (option: string, message: string): void => void mistakes.push({ where, option, message });
  const whole = (option: string, value: unknown, least = 1): void => {
    if (value === undefined) return;
    if (!Number.isInteger(value) || (value as number) < least) {
      wrong(option, `${show(value)} is not allowed; a whole number of ${least} or more is`);
    }
  };
  const oneOf = (option: string, value: unknown, allowed: readonly string[]): void => {
    if (value === undefined || allowed.includes(value as string)) return;
    wrong(option, `${show(value)} is not allowed; one of ${allowed.map((a) => `'${a}'`).join(', ')} is`);
  };
  const callable = (option: string, value: unknown): void => {
    if (value !== undefined && typeof value !== 'function') wrong(option, `${show(value)} is not a function`);
  };

  const known: readonly string[] = [...WORKER_OPTION_NAMES, ...extraNames];
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) wrong(name, `there is no such option; allowed are ${[...known].sort().join(', ')}`);
  }

  oneOf('concurrency', options.concurrency, CONCURRENCIES);
  whole('limit', options.limit);
  if (options.concurrency === 'serial' && options.limit !== undefined && options.limit !== 1) {
    wrong(
      'limit',
      `${show(options.limit)} is not allowed with concurrency 'serial', which runs one record at a time; leave it out`,
    );
  }
  whole('partitionLimit', options.partitionLimit);
  callable('orderBy', options.orderBy);
  if (options.orderBy !== undefined && options.concurrency !== 'key') {
    wrong(
      'orderBy',
      `orders nothing with concurrency '${options.concurrency ?? 'partition'}'; it needs concurrency 'key'`,
    );
  }
  oneOf('nullKey', options.nullKey, ['unordered', 'partition']);
  whole('timeoutMs', options.timeoutMs);

  const { commit, retry, buffer, onFailure } = options;
  if (typeof commit === 'string') oneOf('commit', commit, ['each', 'manual']);
  else if (isObject(commit)) {
    unknownNames('commit', commit, ['intervalMs', 'records'], wrong);
    whole('commit.intervalMs', commit.intervalMs);
    whole('commit.records', commit.records);
  } else if (commit !== undefined)
    wrong('commit', `${show(commit)} is not allowed; { intervalMs, records }, 'each' or 'manual' is`);

  if (isObject(retry)) {
    unknownNames('retry', retry, ['attempts', 'backoff', 'retryIf'], wrong);
    whole('retry.attempts', retry.attempts);
    callable('retry.backoff', retry.backoff);
    callable('retry.retryIf', retry.retryIf);
  } else if (retry !== undefined) wrong('retry', `${show(retry)} is not allowed; { attempts, backoff, retryIf } is`);

  if (isObject(buffer)) {
    unknownNames('buffer', buffer, ['records', 'bytes'], wrong);
    whole('buffer.records', buffer.records);
    whole('buffer.bytes', buffer.bytes);
  } else if (buffer !== undefined) wrong('buffer', `${show(buffer)} is not allowed; { records, bytes } is`);

  if (onFailure !== undefined && !isFailurePolicy(onFailure)) {
    wrong('onFailure', `${show(onFailure)} is not a failure policy; freeze('partition'), freeze('key') or skip() is`);
  }
  return mistakes;
}

/** Fills in every default. Call `checkWorkerOptions` first: what is wrong is not caught here. */
export function compileWorkerOptions(options: WorkerOptions): CompiledWorkerOptions {
  const concurrency = options.concurrency ?? 'partition';
  const limit = concurrency === 'serial' ? 1 : (options.limit ?? DEFAULT_LIMIT);
  return {
    concurrency,
    limit,
    partitionLimit: options.partitionLimit ?? Infinity,
    orderBy: options.orderBy,
    nullKey: options.nullKey ?? 'unordered',
    commit: compileCommit(options.commit),
    retry: {
      attempts: options.retry?.attempts ?? DEFAULT_ATTEMPTS,
      backoff: options.retry?.backoff ?? exponential(),
      retryIf: options.retry?.retryIf,
    },
    onFailure: options.onFailure ?? freeze('partition'),
    timeoutMs: options.timeoutMs,
    buffer: {
      records: options.buffer?.records ?? Math.max(DEFAULT_BUFFER_RECORDS, 2 * limit),
      bytes: options.buffer?.bytes ?? DEFAULT_BUFFER_BYTES,
    },
  };
}

function compileCommit(commit: WorkerOptions['commit']): CompiledWorkerOptions['commit'] {
  if (commit === 'manual') return { mode: 'manual', intervalMs: Infinity, records: Infinity };
  if (commit === 'each') return { mode: 'cadence', intervalMs: 0, records: 1 };
  const cadence: CommitCadence = commit ?? {};
  return {
    mode: 'cadence',
    intervalMs: cadence.intervalMs ?? DEFAULT_COMMIT_INTERVAL_MS,
    records: cadence.records ?? DEFAULT_COMMIT_RECORDS,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownNames(
  option: string,
  value: object,
  allowed: readonly string[],
  wrong: (option: string, message: string) => void,
): void {
  for (const name of Object.keys(value)) {
    if (!allowed.includes(name))
      wrong(`${option}.${name}`, `there is no such option; allowed are ${allowed.join(', ')}`);
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object') return String(value); // JSON would turn NaN and Infinity into null
  try {
    return JSON.stringify(value);
  } catch {
    return 'an object';
  }
}
