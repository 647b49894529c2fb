import type { FreezeReason } from '@kafka-worker/engine';

/** What every check takes. */
export interface HealthCheckOptions {
  /** Name of the connection that is asked for. Default: all of the application. */
  readonly connection?: string;
}

/** Bounds of `isLive`. Milliseconds; `Infinity`: no bound. */
export interface LivenessOptions extends HealthCheckOptions {
  /**
   * How long one attempt of a handler may run. Default: twice what its worker's `timeoutMs` and the 5 s after it allow,
   * else 300,000.
   */
  readonly stallMs?: number;
  /** `stallMs` of single workers, by id (`Class#method`). It goes before everything else. */
  readonly workers?: Readonly<Record<string, number>>;
  /** How long the client's loop may stand still while it is joined. Default 60,000. */
  readonly loopMs?: number;
  /**
   * How long after its last crash a client that said it starts again may stay away without another word. An outage of
   * the brokers does not use this up: each try that fails is another word. Default 300,000.
   */
  readonly restartMs?: number;
}

/** Bounds of `isLagging`, for each partition; at least one is needed. */
export interface LaggingOptions extends HealthCheckOptions {
  /** Records between the frontier and the end of the log, as the last fetch saw it. */
  readonly maxLag?: number;
  /** How long ago the oldest unsettled record may have been taken. Milliseconds. */
  readonly maxAgeMs?: number;
}

/** What `isFrozen` passes over. */
export interface FrozenOptions extends HealthCheckOptions {
  /** Freezes for these reasons are none here. Default `['delay']`: those were asked for, and end by themselves. */
  readonly ignore?: readonly FreezeReason[];
}
