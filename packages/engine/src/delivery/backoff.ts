import type { KafkaRecord } from '../driver/record.js';

/** Milliseconds to wait after failed attempt number `attempt` (1 is the first). */
export type Backoff = (attempt: number, error: Error, record: KafkaRecord) => number;

/** Options of {@link exponential}. */
export interface ExponentialOptions {
  /** Wait after the first failed attempt. Milliseconds. Default 200. */
  readonly initialMs?: number;
  /** Each wait is this many times the one before. Default 2. */
  readonly factor?: number;
  /** No wait is longer. Milliseconds. Default 30,000. */
  readonly maxMs?: number;
  /** Share of each wait that is random, 0 to 1, so that members do not come back in step. Default 0.2. */
  readonly jitter?: number;
  /** Source of randomness in [0, 1). Default `Math.random`; tests give their own. */
  readonly random?: () => number;
}

/** Waits that grow: `initialMs`, `initialMs * factor`, … up to `maxMs`, each shortened by up to `jitter` of itself. */
export function exponential(options: ExponentialOptions = {}): Backoff {
  const { initialMs = 200, factor = 2, maxMs = 30_000, jitter = 0.2, random = Math.random } = options;
  return (attempt) => {
    const full = Math.min(maxMs, initialMs * factor ** (attempt - 1));
    return Math.round(full * (1 - jitter * random()));
  };
}

/** The same wait each time. Milliseconds. */
export function fixed(ms: number): Backoff {
  return () => ms;
}
