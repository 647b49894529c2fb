import type { Hold, Moment } from './moments.js';

/** What a supervisor tells a member. */
export type Order = ({ readonly type: 'hold' } & Hold) | { readonly type: 'release' };

/** What a member tells its supervisor. */
export type Report =
  /** It is in this moment, of the records named, and waits. */
  | { readonly type: 'held'; readonly moment: Moment; readonly about: string }
  /** A join is over; these partitions are its own. */
  | { readonly type: 'owns'; readonly partitions: readonly number[] }
  /** A commit of offsets, or a transaction, has been acknowledged. */
  | { readonly type: 'commits' }
  /** SIGTERM: handlers run and are waited for. */
  | { readonly type: 'draining'; readonly running: number }
  /** Something that is worth a look where a promise was broken. */
  | { readonly type: 'trouble'; readonly text: string };
