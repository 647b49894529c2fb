import type { HeldPartition, HeldRecord } from './held-partition.js';
import type { AttemptEnd } from './policy-rule.js';

/** A handler that ignores its signal is given up this long after its timeout: `docs/options.md`. Milliseconds. */
export const TIMEOUT_GRACE_MS = 5_000;

/** One attempt that a handler makes. */
export interface ModelCall {
  readonly process: string;
  readonly partition: HeldPartition;
  readonly held: HeldRecord;
  readonly attempt: number;
  readonly startedAt: number;
  readonly signal: AbortSignal;
  /** How its handler ended; undefined: it has not. */
  end: AttemptEnd | undefined;
  /** The engine no longer waits for it: it ran past its timeout and the grace after it. */
  givenUp: boolean;
  /** It still ran when its partition was given back: the next owner may start beside it. */
  leftOver: boolean;
  /** Why the signal was aborted. */
  abortedFor(): string | undefined;
}

/**
 * It was cut off and counts for nothing, and no event tells when the engine has put its record back: it failed in the
 * very turn in which its signal was aborted, or its timeout and the grace after it are over and its handler is no longer
 * waited for.
 */
export function isCutOffForGood(call: ModelCall, now: number): boolean {
  const cause = call.abortedFor();
  if (call.partition.dead || !isCutOff(cause)) return false;
  // what may be handled once only has failed then, as in any other case
  if (call.partition.worker.delivery === 'at-most-once') return false;
  if (call.end !== undefined) return call.end !== 'ok';
  const { timeoutMs } = call.partition.worker;
  return timeoutMs !== undefined && now >= call.startedAt + timeoutMs + TIMEOUT_GRACE_MS;
}

/** Its handler has ended well and in time; with a store its transaction is committed, and then no time counts. */
export function hasSucceeded({ end, partition, abortedFor }: ModelCall): boolean {
  return end === 'ok' && (partition.worker.delivery === 'exactly-once' || abortedFor() !== 'timeout');
}

/** Its result does not count as a failure: it was told to stop for a reason that is not its own. */
export function isCutOff(cause: string | undefined): boolean {
  return cause === 'rebalance' || cause === 'shutdown' || cause === 'lost';
}
