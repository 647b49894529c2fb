import { ofRetryTopic, RETRY_DELAYS_MS, type WorkerSpec } from '../scenario/scenario.js';

/** How an attempt ends. `timeout` is the engine's own; `broken` never reached a handler. */
export type AttemptEnd =
  | 'ok'
  | 'error'
  | 'odd'
  | 'skip'
  | 'later'
  | 'freeze-key'
  | 'freeze-partition'
  | 'dead-letter'
  | 'hopeless'
  | 'timeout'
  | 'store'
  | 'fenced'
  | 'broken';

/** What has to become of the record then. */
export type Fate =
  | { readonly type: 'done' | 'skipped' }
  | {
      readonly type: 'frozen';
      readonly scope: 'key' | 'partition';
      readonly unfreezeAfterMs: number | undefined;
      /** It waits for its next delay. */
      readonly delays?: true;
    }
  | { readonly type: 'copied'; readonly to: CopyFate }
  | { readonly type: 'again'; readonly delayMs: number; readonly counts: boolean };

/** What has to be acknowledged before the record is settled: a copy; with a store, the mark of a record that is skipped. */
export type CopyFate = 'dead-lettered' | 'retried-later' | 'skipped';

/** What `RetryLaterError` of the simulation's handlers asks for. Milliseconds. */
export const LATER_MS = 700;

/** A record whose transaction the store did not take is tried again after this: `docs/guarantees.md`. Milliseconds. */
export const STORE_MS = 1_000;

/** A record whose copy could not be sent freezes its lane for this long: `docs/failures.md`. Milliseconds. */
export const UNSENT_MS = 30_000;

/** How often a copy is sent before that. */
export const COPY_TRIES = 5;

/** What a failure is judged by. */
export interface Judged {
  readonly worker: WorkerSpec;
  /** Of the record. */
  readonly topic: number;
  readonly attempt: number;
  /** That the record has waited for in its place. */
  readonly delaysUsed: number;
  /** Asked only where a dead letter is due: whether the budget has one left; it is taken then. */
  readonly takeFromBudget: () => boolean;
}

/** The options' promise, told without the engine. */
export function fateOf(end: AttemptEnd, judged: Judged): Fate {
  const { worker, attempt } = judged;
  switch (end) {
    case 'ok':
      return { type: 'done' };
    case 'skip':
      return skipped(worker);
    case 'later':
      return { type: 'again', delayMs: LATER_MS, counts: false };
    case 'store':
    case 'fenced':
      return { type: 'again', delayMs: STORE_MS, counts: false };
    case 'freeze-key':
      return { type: 'frozen', scope: 'key', unfreezeAfterMs: undefined };
    case 'freeze-partition':
      return { type: 'frozen', scope: 'partition', unfreezeAfterMs: undefined };
    case 'dead-letter':
    case 'hopeless':
    case 'broken':
      return usedUp(judged);
    case 'error':
    case 'odd':
    case 'timeout':
      if (attempt < worker.attempts) return { type: 'again', delayMs: worker.backoffMs, counts: true };
      return later(judged) ?? usedUp(judged);
  }
}

/** A store is told of a record that is passed over before that counts. */
export function skipped({ delivery }: WorkerSpec): Fate {
  return delivery === 'exactly-once' ? { type: 'copied', to: 'skipped' } : { type: 'skipped' };
}

function later({ worker, topic, delaysUsed }: Judged): Fate | undefined {
  if (worker.retryTopics === 'in-order') {
    const delayMs = RETRY_DELAYS_MS[delaysUsed];
    return delayMs === undefined ? undefined : { type: 'frozen', scope: 'key', unfreezeAfterMs: delayMs, delays: true };
  }
  const used = (ofRetryTopic(topic)?.delay ?? -1) + 1;
  return worker.retryTopics === true && used < RETRY_DELAYS_MS.length
    ? { type: 'copied', to: 'retried-later' }
    : undefined;
}

function usedUp({ worker, takeFromBudget }: Judged): Fate {
  switch (worker.onFailure) {
    case 'skip':
      return skipped(worker);
    case 'freeze-key':
      return { type: 'frozen', scope: 'key', unfreezeAfterMs: worker.unfreezeAfterMs };
    case 'freeze-partition':
      return { type: 'frozen', scope: 'partition', unfreezeAfterMs: worker.unfreezeAfterMs };
    case 'dead-letter':
      if (takeFromBudget()) return { type: 'copied', to: 'dead-lettered' };
      return { type: 'frozen', scope: 'partition', unfreezeAfterMs: worker.unfreezeAfterMs };
  }
}
