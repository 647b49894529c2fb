import type { HealthCause } from './causes.js';

/**
 * up        as it should be
 * degraded  impaired for a moment; HTTP 200
 * down      HTTP 503
 */
export type HealthStatus = 'up' | 'degraded' | 'down';

/** What a check came to. */
export interface Verdict {
  readonly status: HealthStatus;
  readonly causes: readonly HealthCause[];
  /** What is said beside the causes, whatever the status. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A check without degrees: any cause is down. */
export function downFor(causes: readonly HealthCause[], details: Readonly<Record<string, unknown>> = {}): Verdict {
  return { status: causes.length > 0 ? 'down' : 'up', causes, details };
}
