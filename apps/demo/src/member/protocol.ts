import type { EngineSnapshot } from '@kafka-worker/nestjs';
import type { WorkEntry } from '../ledger/work-entry.js';

/** How a group dealt out its partitions, as one member saw it. */
export interface RebalanceNote {
  readonly at: number;
  readonly generation: number;
  readonly durationMs: number;
  readonly assigned: number;
  readonly revoked: number;
  readonly kept: number;
}

/** How a member's last drain went. */
export interface DrainNote {
  /** Handlers that ran when it began and came to their end. */
  readonly finished: number;
  /** Handlers that were left behind; their records come again. */
  readonly left: number;
  readonly durationMs: number;
}

/** What a member tells its supervisor. Plain data: it may travel between processes. */
export type FromMember =
  | { readonly type: 'ready'; readonly http: string; readonly log: string }
  /** To be answered with the batch's number once it is in the ledger. */
  | { readonly type: 'work'; readonly batch: number; readonly entries: readonly WorkEntry[] }
  | { readonly type: 'state'; readonly snapshot: EngineSnapshot }
  | { readonly type: 'rebalanced'; readonly note: RebalanceNote }
  /** Partitions were taken away from a member that is alive. */
  | { readonly type: 'lost' }
  | { readonly type: 'drained'; readonly note: DrainNote }
  | { readonly type: 'failed'; readonly message: string };

/** What a supervisor tells a member. */
export type ToMember = { readonly type: 'read'; readonly batch: number } | { readonly type: 'stop' };

/** A member's end of the line. */
export interface SupervisorLine {
  post(message: FromMember): void;
  /** One listener. */
  listen(listener: (message: ToMember) => void): void;
}
