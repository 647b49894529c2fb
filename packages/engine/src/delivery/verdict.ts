import { MAX_TIMER_MS } from '../clock.js';
import type { KafkaRecord } from '../driver/record.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { FreezeError, RetryLaterError } from '../errors/steering.errors.js';
import type { CompiledWorkerOptions } from '../options/worker-options.js';
import type { FreezeScope } from './failure-policy.js';

/** What becomes of a record after a failed attempt. */
export type Verdict =
  | { readonly type: 'retry'; readonly delayMs: number; readonly counts: boolean }
  | { readonly type: 'skip' }
  | { readonly type: 'freeze'; readonly scope: FreezeScope };

/** Errors that no further attempt can mend. */
const HOPELESS: ReadonlySet<string> = new Set(['NON_RETRYABLE', 'ORDER_BY', 'DESERIALIZE']);

/** Decides from the error and the attempts made; changes nothing. */
export function judge(
  error: Error,
  attempt: number,
  record: KafkaRecord,
  options: Pick<CompiledWorkerOptions, 'retry' | 'onFailure'>,
): Verdict {
  let hopeless = false;
  if (KafkaWorkerError.is(error)) {
    if (error.code === 'SKIP_RECORD') return { type: 'skip' };
    if (error.code === 'FREEZE') return { type: 'freeze', scope: (error as FreezeError).scope };
    if (error.code === 'RETRY_LATER') {
      return { type: 'retry', delayMs: milliseconds((error as RetryLaterError).delayMs), counts: false };
    }
    hopeless = HOPELESS.has(error.code);
  }
  const { attempts, backoff, retryIf } = options.retry;
  if (!hopeless && attempt < attempts && ask(() => retryIf?.(error, record) ?? true, false)) {
    return { type: 'retry', delayMs: milliseconds(ask(() => backoff(attempt, error, record), 0)), counts: true };
  }
  return options.onFailure as Verdict;
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
