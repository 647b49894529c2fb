import type { WorkerSpec } from '../scenario/scenario.js';

/** How an attempt ends. `timeout` is the engine's own; `broken` never reached a handler. */
export type AttemptEnd =
  'ok' | 'error' | 'odd' | 'skip' | 'later' | 'freeze-key' | 'freeze-partition' | 'hopeless' | 'timeout' | 'broken';

/** What has to become of the record then. */
export type Fate =
  | { readonly type: 'done' | 'skipped' }
  | { readonly type: 'frozen'; readonly scope: 'key' | 'partition' }
  | { readonly type: 'again'; readonly delayMs: number; readonly counts: boolean };

/** What `RetryLaterError` of the simulation's handlers asks for. Milliseconds. */
export const LATER_MS = 700;

/** The options' promise, told without the engine. */
export function fateOf(worker: WorkerSpec, end: AttemptEnd, attempt: number): Fate {
  switch (end) {
    case 'ok':
      return { type: 'done' };
    case 'skip':
      return { type: 'skipped' };
    case 'later':
      return { type: 'again', delayMs: LATER_MS, counts: false };
    case 'freeze-key':
      return { type: 'frozen', scope: 'key' };
    case 'freeze-partition':
      return { type: 'frozen', scope: 'partition' };
    case 'hopeless':
    case 'broken':
      return usedUp(worker);
    case 'error':
    case 'odd':
    case 'timeout':
      return attempt < worker.attempts ? { type: 'again', delayMs: worker.backoffMs, counts: true } : usedUp(worker);
  }
}

function usedUp(worker: WorkerSpec): Fate {
  switch (worker.onFailure) {
    case 'skip':
      return { type: 'skipped' };
    case 'freeze-key':
      return { type: 'frozen', scope: 'key' };
    case 'freeze-partition':
      return { type: 'frozen', scope: 'partition' };
  }
}
