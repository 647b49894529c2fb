import type { KafkaRecord, RecordHeaders } from '../driver/record.js';

/** How far a freeze reaches. */
export type FreezeScope = 'key' | 'partition';

/** What becomes of a record whose attempts are used up. Made by {@link freeze}, {@link skip}, {@link deadLetter}, {@link retryTopics}. */
export type FailurePolicy = FinalPolicy | RetryTopicsPolicy;

/** Policies that can stand at the end of {@link retryTopics}. */
export type FinalPolicy = FreezePolicy | SkipPolicy | DeadLetterPolicy;

/** Made by {@link freeze}. */
export interface FreezePolicy {
  readonly type: 'freeze';
  readonly scope: FreezeScope;
  /** Undefined: it stands until somebody unfreezes it, or the process starts anew. */
  readonly unfreezeAfterMs: number | undefined;
}

/** Made by {@link skip}. */
export interface SkipPolicy {
  readonly type: 'skip';
}

/** Made by {@link deadLetter}. */
export interface DeadLetterPolicy {
  readonly type: 'dead-letter';
  readonly topic: string;
  /** Undefined: no bound. */
  readonly budget: Required<DeadLetterBudgetOptions> | undefined;
  readonly headers: ((record: KafkaRecord, failure: Failure) => RecordHeaders) | undefined;
  readonly include: { readonly message: boolean; readonly stack: boolean };
  readonly create: boolean | TopicShape;
  readonly whenSpent: FreezePolicy;
}

/** Made by {@link retryTopics}. */
export interface RetryTopicsPolicy {
  readonly type: 'retry-topics';
  /** Milliseconds; at least one. */
  readonly delaysMs: readonly number[];
  readonly then: FinalPolicy;
  readonly maxAgeMs: number | undefined;
  readonly orderedBy: 'key' | undefined;
  readonly create: boolean | TopicShape;
}

/** How a topic that is missing is made. */
export interface TopicShape {
  /** Default: as many as the source topic has. */
  readonly partitions?: number;
  /** Default: the broker's. */
  readonly replicationFactor?: number;
  /** Default: the broker's. */
  readonly configs?: Readonly<Record<string, string>>;
}

/** What a record failed with. */
export interface Failure {
  readonly error: Error;
  /** Attempts made, those before it came through a retry topic included. */
  readonly attempts: number;
  readonly worker: string;
  readonly groupId: string;
}

/**
 * How many dead letters are in order. Each record that is done credits `share` of a dead letter, up to `burst`; each
 * dead letter takes one. Where nothing succeeds, nothing is credited: an outage freezes instead of emptying the topic.
 * The bound holds for each worker of each process.
 */
export interface DeadLetterBudgetOptions {
  /** Dead letters for each record that is done. Above 0, at most 1. Default 0.1. */
  readonly share?: number;
  /** Dead letters without any success before: what it starts with, and never more than this. Default 10. */
  readonly burst?: number;
  /** One more is credited each time this long has passed, so that it never stands for good. Milliseconds. Default 60,000. */
  readonly refillMs?: number;
}

/** Options of {@link freeze}. */
export interface FreezeOptions {
  /** Try again by itself after this long, with a new set of attempts. Milliseconds. Default: never. */
  readonly unfreezeAfterMs?: number;
}

/** Options of {@link deadLetter}. */
export interface DeadLetterOptions {
  /** Where to. */
  readonly topic: string;
  /** `false`: no bound. Default `{ share: 0.1, burst: 10, refillMs: 60_000 }`. */
  readonly budget?: DeadLetterBudgetOptions | false;
  /** More headers. They cannot replace the record's own, nor those that say where it came from. A throw is passed over. */
  readonly headers?: (record: KafkaRecord, failure: Failure) => RecordHeaders;
  /** Which texts of the error go along; they may hold what users sent. Default both; 1,024 and 4,096 characters at most. */
  readonly include?: { readonly message?: boolean; readonly stack?: boolean };
  /** What becomes of a topic that is missing at the start: `false` refuses to start, the rest makes it. Default `false`. */
  readonly create?: boolean | TopicShape;
  /** What happens instead when the budget is spent. Default `freeze('partition')`. */
  readonly whenSpent?: FreezePolicy;
}

/** Options of {@link retryTopics}. */
export interface RetryTopicsOptions {
  /** A record this long after its first failure goes to `then`, whatever delays are left. Milliseconds. Default: no bound. */
  readonly maxAgeMs?: number;
  /**
   * `'key'`: later records of the key come after the failed one. It then goes to no topic: it waits where it is, its key
   * frozen and what follows of it parked (`freeze('key')`), and what other keys settle meanwhile is remembered in the
   * commits' maps, up to their size. Needs `concurrency: 'key'`. Default: they go on, and order is lost.
   */
  readonly orderedBy?: 'key';
  /** As in `deadLetter`. Default `false`. */
  readonly create?: boolean | TopicShape;
}

/**
 * Stops the partition (or just the lane of the record's key) at the failed record: nothing past it is committed,
 * running handlers finish, buffered records wait. The rest goes on. A restart with mended code resumes by itself.
 */
export function freeze(scope: FreezeScope = 'partition', options: FreezeOptions = {}): FreezePolicy {
  return { type: 'freeze', scope, unfreezeAfterMs: options.unfreezeAfterMs };
}

/** Settles the record as `skipped`, with an event that names it and the error, and goes on. */
export function skip(): SkipPolicy {
  return { type: 'skip' };
}

/**
 * Sends the record as it is to another topic, with headers that say where it came from and why, and settles it as
 * `dead-lettered` when the broker has acknowledged that. Where it cannot be sent the lane freezes.
 */
export function deadLetter(options: DeadLetterOptions): DeadLetterPolicy {
  const { topic, budget, headers, include = {}, create = false, whenSpent = freeze('partition') } = options;
  return {
    type: 'dead-letter',
    topic,
    budget: budget === false ? undefined : { share: 0.1, burst: 10, refillMs: 60_000, ...budget },
    headers,
    include: { message: include.message ?? true, stack: include.stack ?? true },
    create,
    whenSpent,
  };
}

/**
 * Sends the record to a topic from which the same handler gets it again after the first delay, then after the second,
 * and so on; after the last one `then` decides. The record is settled as `retried-later` when the broker has
 * acknowledged it, so that neither its key nor its partition waits: later records of its key come before it.
 *
 * @param delaysMs milliseconds, each 1 or more; two equal ones share a topic
 */
export function retryTopics(
  delaysMs: readonly number[],
  then: FinalPolicy,
  options: RetryTopicsOptions = {},
): RetryTopicsPolicy {
  const { maxAgeMs, orderedBy, create = false } = options;
  return { type: 'retry-topics', delaysMs, then, maxAgeMs, orderedBy, create };
}

/** The topic of a delay: `<topic>.<group>.retry-<delayMs>`. */
export function retryTopicName(topic: string, groupId: string, delayMs: number): string {
  return `${topic}.${groupId}.retry-${delayMs}`;
}

/** Matches every retry topic of a group. */
export function retryTopicPattern(groupId: string): RegExp {
  return new RegExp(`\\.${groupId.replace(/[^\w-]/g, '\\$&')}\\.retry-\\d+$`);
}

const FREEZE_SCOPES: readonly unknown[] = ['key', 'partition'];

/** What is wrong with something that should be a failure policy; undefined: nothing. For messages. */
export function failurePolicyMistake(value: unknown): string | undefined {
  const { type } = (typeof value === 'object' && value !== null ? value : {}) as { type?: unknown };
  switch (type) {
    case 'skip':
      return undefined;
    case 'freeze':
      return freezeMistake(value as FreezePolicy);
    case 'dead-letter':
      return deadLetterMistake(value as DeadLetterPolicy);
    case 'retry-topics':
      return retryTopicsMistake(value as RetryTopicsPolicy);
    default:
      return "is not a failure policy; freeze('partition'), freeze('key'), skip(), deadLetter({ topic }) or retryTopics([ms, …], then) is";
  }
}

function freezeMistake({ scope, unfreezeAfterMs }: FreezePolicy): string | undefined {
  if (!FREEZE_SCOPES.includes(scope)) return `freeze(${show(scope)}) is not allowed; 'key' or 'partition' is`;
  if (unfreezeAfterMs !== undefined && !isWhole(unfreezeAfterMs)) {
    return `unfreezeAfterMs ${show(unfreezeAfterMs)} is not allowed; a whole number of 1 or more is`;
  }
  return undefined;
}

function deadLetterMistake({ topic, budget, headers, create, whenSpent }: DeadLetterPolicy): string | undefined {
  if (typeof topic !== 'string' || topic === '') return `deadLetter needs a topic; ${show(topic)} is none`;
  if (headers !== undefined && typeof headers !== 'function')
    return `deadLetter: headers ${show(headers)} is not a function`;
  if (budget !== undefined) {
    const { share, burst, refillMs } = budget;
    if (!(share > 0 && share <= 1)) return `budget.share ${show(share)} is not allowed; above 0 and up to 1 is`;
    if (!isWhole(burst)) return `budget.burst ${show(burst)} is not allowed; a whole number of 1 or more is`;
    if (!isWhole(refillMs)) return `budget.refillMs ${show(refillMs)} is not allowed; a whole number of 1 or more is`;
  }
  if (whenSpent?.type !== 'freeze') return 'deadLetter: whenSpent is not a freeze(…)';
  return freezeMistake(whenSpent) ?? createMistake(create);
}

function retryTopicsMistake({ delaysMs, then, maxAgeMs, orderedBy, create }: RetryTopicsPolicy): string | undefined {
  if (!Array.isArray(delaysMs) || delaysMs.length === 0) return 'retryTopics needs at least one delay in milliseconds';
  const odd = (delaysMs as readonly unknown[]).find((delay) => !isWhole(delay));
  if (odd !== undefined) return `the delay ${show(odd)} is not allowed; a whole number of 1 or more is`;
  if (maxAgeMs !== undefined && !isWhole(maxAgeMs)) {
    return `maxAgeMs ${show(maxAgeMs)} is not allowed; a whole number of 1 or more is`;
  }
  if (orderedBy !== undefined && orderedBy !== 'key') {
    return `orderedBy ${show(orderedBy)} is not allowed; 'key', or nothing, is`;
  }
  if ((then as FailurePolicy | undefined)?.type === 'retry-topics') return 'retryTopics cannot end in retryTopics';
  const mistake = failurePolicyMistake(then);
  return mistake === undefined ? createMistake(create) : `at the end of retryTopics: ${mistake}`;
}

function createMistake(create: boolean | TopicShape): string | undefined {
  if (typeof create === 'boolean') return undefined;
  if (typeof create !== 'object' || create === null)
    return `create ${show(create)} is not allowed; true, false or a topic's shape is`;
  for (const name of ['partitions', 'replicationFactor'] as const) {
    const value = create[name];
    if (value !== undefined && !isWhole(value)) {
      return `create.${name} ${show(value)} is not allowed; a whole number of 1 or more is`;
    }
  }
  return undefined;
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1;
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
