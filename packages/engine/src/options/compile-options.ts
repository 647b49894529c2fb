import { exponential } from '../delivery/backoff.js';
import { failurePolicyMistake, freeze, skip } from '../delivery/failure-policy.js';
import { finalPolicy } from '../delivery/verdict.js';
import { isDeliveryGuarantee } from '../delivery/guarantee.js';
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
/** Long enough to share what a transaction costs, short enough for readers of what it writes. */
const TRANSACTION_INTERVAL_MS = 100;
const TRANSACTION_RECORDS = 500;
const DEFAULT_BUFFER_RECORDS = 1000;
const DEFAULT_BUFFER_BYTES = 16 * 1024 * 1024;
const DEFAULT_IDEMPOTENCY_TTL_MS = 86_400_000;
const DEFAULT_IDEMPOTENCY_LEASE_MS = 30_000;

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
  if (typeof commit === 'string') oneOf('commit', commit, ['each', 'manual', 'none']);
  else if (isObject(commit)) {
    unknownNames('commit', commit, ['intervalMs', 'records'], wrong);
    for (const name of ['intervalMs', 'records']) if (commit[name] !== Infinity) whole(`commit.${name}`, commit[name]);
    if (commit.intervalMs === Infinity && commit.records === Infinity) {
      wrong('commit', "both are Infinity, so that nothing would be committed; say 'none' where that is meant");
    }
  } else if (commit !== undefined)
    wrong('commit', `${show(commit)} is not allowed; { intervalMs, records }, 'each', 'manual' or 'none' is`);

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

  const policyMistake = onFailure === undefined ? undefined : failurePolicyMistake(onFailure);
  if (policyMistake !== undefined) {
    wrong('onFailure', policyMistake.startsWith('is ') ? `${show(onFailure)} ${policyMistake}` : policyMistake);
  }
  const { delivery, idempotency } = options;
  if (delivery !== undefined && !isDeliveryGuarantee(delivery)) {
    const allowed = "'at-least-once', 'at-most-once', exactlyOnce(store) or transactional() is";
    wrong('delivery', `${show(delivery)} is not allowed; ${allowed}`);
  }
  if (isObject(idempotency)) {
    unknownNames('idempotency', idempotency, ['store', 'key', 'ttlMs', 'leaseMs'], wrong);
    if (typeof (idempotency.store as { acquire?: unknown } | undefined)?.acquire !== 'function') {
      wrong('idempotency.store', `${show(idempotency.store)} is not an IdempotencyStore`);
    }
    if (typeof idempotency.key !== 'function') {
      wrong('idempotency.key', `${show(idempotency.key)} is not a function of the record`);
    }
    whole('idempotency.ttlMs', idempotency.ttlMs);
    whole('idempotency.leaseMs', idempotency.leaseMs);
  } else if (idempotency !== undefined) wrong('idempotency', `${show(idempotency)} is not allowed; { store, key } is`);
  mistakes.push(...checkTogether(options, where));
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
    delivery: options.delivery ?? 'at-least-once',
    commit: compileCommit(options),
    retry: {
      attempts: options.retry?.attempts ?? (options.delivery === 'at-most-once' ? 1 : DEFAULT_ATTEMPTS),
      backoff: options.retry?.backoff ?? exponential(),
      retryIf: options.retry?.retryIf,
    },
    onFailure: options.onFailure ?? (options.delivery === 'at-most-once' ? skip() : freeze('partition')),
    idempotency: compileIdempotency(options.idempotency),
    timeoutMs: options.timeoutMs,
    buffer: {
      records: options.buffer?.records ?? Math.max(DEFAULT_BUFFER_RECORDS, 2 * limit),
      bytes: options.buffer?.bytes ?? DEFAULT_BUFFER_BYTES,
    },
  };
}

function compileIdempotency(given: WorkerOptions['idempotency']): CompiledWorkerOptions['idempotency'] {
  if (given === undefined) return undefined;
  const { store, key, ttlMs = DEFAULT_IDEMPOTENCY_TTL_MS, leaseMs = DEFAULT_IDEMPOTENCY_LEASE_MS } = given;
  return { store, key, ttlMs, leaseMs };
}

function compileCommit({ commit, delivery }: WorkerOptions): CompiledWorkerOptions['commit'] {
  if (commit === 'manual' || commit === 'none') return { mode: commit, intervalMs: Infinity, records: Infinity };
  if (commit === 'each') return { mode: 'cadence', intervalMs: 0, records: 1 };
  const grouped = typeof delivery === 'object' && delivery.type === 'transactional';
  const cadence: CommitCadence = commit ?? {};
  return {
    mode: 'cadence',
    intervalMs: cadence.intervalMs ?? (grouped ? TRANSACTION_INTERVAL_MS : DEFAULT_COMMIT_INTERVAL_MS),
    records: cadence.records ?? (grouped ? TRANSACTION_RECORDS : DEFAULT_COMMIT_RECORDS),
  };
}

/** Options that are right by themselves and make no sense beside each other. */
function checkTogether(
  { concurrency, delivery, commit, onFailure, idempotency }: WorkerOptions,
  where: string,
): ConfigurationMistake[] {
  const mistakes: ConfigurationMistake[] = [];
  const wrong = (option: string, message: string): void => void mistakes.push({ where, option, message });
  if (onFailure?.type === 'retry-topics' && onFailure.orderedBy === 'key' && concurrency !== 'key') {
    wrong('onFailure', `orderedBy: 'key' needs concurrency 'key'; it is '${concurrency ?? 'partition'}'`);
  }
  if (idempotency !== undefined && typeof delivery === 'object' && delivery?.type === 'transactional') {
    wrong(
      'idempotency',
      'is not allowed with delivery transactional(): a key is marked before the transaction is committed, so that a crash in between would skip the record and what it sent',
    );
  }
  if (delivery === 'at-most-once') {
    if (commit !== undefined)
      wrong(
        'commit',
        "has no meaning with delivery 'at-most-once', which commits each record before its handler; leave it out",
      );
    if (onFailure !== undefined && finalPolicy(onFailure).type === 'freeze') {
      wrong(
        'onFailure',
        "a freeze has no meaning with delivery 'at-most-once': the record is committed, and a restart would pass it; skip(), deadLetter(…) or retryTopics(…) is allowed",
      );
    }
  } else if (typeof delivery === 'object' && delivery !== null && (commit === 'manual' || commit === 'none')) {
    const name = delivery.type === 'transactional' ? 'transactional()' : 'exactlyOnce(store)';
    wrong(
      'commit',
      `'${commit}' is not allowed with delivery ${name}, which decides by itself what is committed; { intervalMs, records } or 'each' is`,
    );
  }
  return mistakes;
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
