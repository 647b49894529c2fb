import { MAX_TIMER_MS } from '../clock.js';
import type { KafkaRecord } from '../driver/record.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { FreezeError, RetryLaterError } from '../errors/steering.errors.js';
import type { FreezeReason } from '../events/events.js';
import type { CompiledWorkerOptions } from '../options/worker-options.js';
import type { DeadLetterPolicy, FailurePolicy, FinalPolicy, FreezePolicy } from './failure-policy.js';
import { freeze } from './failure-policy.js';

/** What becomes of a record after a failed attempt. */
export type Verdict =
  | { readonly type: 'retry'; readonly delayMs: number; readonly counts: boolean }
  | { readonly type: 'skip' }
  | { readonly type: 'freeze'; readonly policy: FreezePolicy; readonly reason: FreezeReason }
  | { readonly type: 'dead-letter'; readonly policy: DeadLetterPolicy }
  | { readonly type: 'retry-topic'; readonly delayMs: number; readonly delaysUsed: number }
  /** Its key waits, and everything of it. */
  | { readonly type: 'delay'; readonly delayMs: number; readonly delaysUsed: number };

/** What was tried with a record so far. */
export interface Tried {
  /** Attempts under this assignment, the failed one included. */
  readonly attempt: number;
  /** Delays of `retryTopics` behind it. */
  readonly delaysUsed: number;
  /** Since its first failure. Milliseconds; 0 for the first. */
  readonly ageMs: number;
}

/** The wait before a record is tried again whose transaction the store did not take. Milliseconds. */
const STORE_RETRY_MS = 1_000;

/** Errors that no further attempt can mend. */
const HOPELESS: ReadonlySet<string> = new Set(['NON_RETRYABLE', 'ORDER_BY', 'DESERIALIZE']);

/** Decides from the error and what was tried; changes nothing. */
export function judge(
  error: Error,
  tried: Tried,
  record: KafkaRecord,
  options: Pick<CompiledWorkerOptions, 'retry' | 'onFailure'>,
): Verdict {
  const { onFailure } = options;
  let hopeless = false;
  if (KafkaWorkerError.is(error)) {
    if (error.code === 'SKIP_RECORD') return { type: 'skip' };
    if (error.code === 'FREEZE') {
      return { type: 'freeze', policy: freeze((error as FreezeError).scope), reason: 'handler' };
    }
    if (error.code === 'RETRY_LATER') {
      return { type: 'retry', delayMs: milliseconds((error as RetryLaterError).delayMs), counts: false };
    }
    // a store that is away is no fault of the record's: it must neither use attempts up nor be dead-lettered for it
    if (error.code === 'STORE_FAILED') return { type: 'retry', delayMs: STORE_RETRY_MS, counts: false };
    if (error.code === 'DEAD_LETTER') {
      const last = finalPolicy(onFailure);
      return last.type === 'dead-letter' ? { type: 'dead-letter', policy: last } : apply(last);
    }
    hopeless = HOPELESS.has(error.code);
  }
  const { attempts, backoff, retryIf } = options.retry;
  const again = !hopeless && ask(() => retryIf?.(error, record) ?? true, false);
  if (again && tried.attempt < attempts) {
    return { type: 'retry', delayMs: milliseconds(ask(() => backoff(tried.attempt, error, record), 0)), counts: true };
  }
  if (onFailure.type !== 'retry-topics') return apply(onFailure);
  const delayMs = onFailure.delaysMs[tried.delaysUsed];
  // what no attempt can mend, no delay will either
  if (!again || delayMs === undefined || tried.ageMs + delayMs > (onFailure.maxAgeMs ?? Infinity)) {
    return apply(onFailure.then);
  }
  const type = onFailure.orderedBy === 'key' ? 'delay' : 'retry-topic';
  return { type, delayMs, delaysUsed: tried.delaysUsed + 1 };
}

/** The policy that decides when nothing is left to try. */
export function finalPolicy(policy: FailurePolicy): FinalPolicy {
  return policy.type === 'retry-topics' ? policy.then : policy;
}

function apply(policy: FinalPolicy): Verdict {
  switch (policy.type) {
    case 'skip':
      return { type: 'skip' };
    case 'freeze':
      return { type: 'freeze', policy, reason: 'attempts' };
    case 'dead-letter':
      return { type: 'dead-letter', policy };
  }
}

/** Users' functions may throw: the record must not hang between two states because of it. */
function ask<T>(question: () => T, otherwise: T): T {
  try {
    return question();
  } catch {
    return otherwise;
  }
}

/** Users' functions may give anything; no number at all means no wait. */
function milliseconds(value: number): number {
  return value > 0 ? Math.min(value, MAX_TIMER_MS) : 0;
}
