import type { AssignmentStrategy } from '@kafka-worker/kafkajs';
import type { Hold } from './moments.js';

/** Which guarantee a member works under, and where its effects go. */
export type Guarantee =
  | { readonly type: 'at-most-once' | 'at-least-once'; readonly log: string }
  | { readonly type: 'postgres'; readonly url: string }
  | { readonly type: 'kafka'; readonly output: string }
  | { readonly type: 'redis'; readonly url: string; readonly log: string };

/** A member that is there to be killed, as plain JSON. */
export interface CrashMemberOptions {
  /** Client id on the broker. */
  readonly id: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly groupId: string;
  readonly guarantee: Guarantee;
  /** Default: the driver's. */
  readonly assignment?: AssignmentStrategy;
  /** Held from its start on. */
  readonly hold?: Hold;
}

/** Handlers that run at once in a member. */
export const LIMIT = 6;
