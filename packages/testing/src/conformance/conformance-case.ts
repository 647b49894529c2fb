import type { DriverCapabilities } from '@kafka-worker/engine';
import type { Environment } from './world/environment.js';

/** One behaviour that the driver port asks for. */
export interface ConformanceCase {
  /** Completes the sentence that its chapter begins. Unique in it. */
  readonly name: string;
  /** What of the capabilities the case is for. Left out: asked of every driver. */
  readonly needs?: CapabilityNeed;
  /** Rejects where the driver does otherwise. */
  run(env: Environment): Promise<void>;
}

/** A need by name, so that a report can say it. */
export interface CapabilityNeed {
  /** As in `incrementalRebalance` or `no incrementalRebalance`. */
  readonly flag: string;
  met(capabilities: DriverCapabilities): boolean;
}

/** Cases of one subject. */
export interface ConformanceChapter {
  readonly title: string;
  readonly cases: readonly ConformanceCase[];
}

/** Every join revokes everything. */
export const EAGER: CapabilityNeed = {
  flag: 'no incrementalRebalance',
  met: ({ incrementalRebalance }) => !incrementalRebalance,
};

/** Only what leaves is revoked. */
export const INCREMENTAL: CapabilityNeed = {
  flag: 'incrementalRebalance',
  met: ({ incrementalRebalance }) => incrementalRebalance,
};

/** Commits are accepted during a hand-over. */
export const COMMIT_DURING_REVOKE: CapabilityNeed = {
  flag: 'commitDuringRevoke',
  met: ({ commitDuringRevoke }) => commitDuringRevoke,
};

/** The engine has to keep the session during a hand-over. */
export const ENGINE_KEEPS_ALIVE: CapabilityNeed = {
  flag: 'keepAliveDuringRevokeMs',
  met: ({ keepAliveDuringRevokeMs }) => keepAliveDuringRevokeMs !== undefined,
};

/** The client keeps the session during a hand-over. */
export const CLIENT_KEEPS_ALIVE: CapabilityNeed = {
  flag: 'no keepAliveDuringRevokeMs',
  met: ({ keepAliveDuringRevokeMs }) => keepAliveDuringRevokeMs === undefined,
};

/** Records and offsets can be committed as one. */
export const TRANSACTIONS: CapabilityNeed = {
  flag: 'transactions',
  met: ({ transactions }) => transactions,
};

/** True where a case is asked of a driver. */
export function isAsked({ needs }: ConformanceCase, capabilities: DriverCapabilities): boolean {
  return needs === undefined || needs.met(capabilities);
}
