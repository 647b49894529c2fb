import type { EngineSnapshot, EngineState, EngineStats } from '@kafka-worker/engine';
import type { CrashReport } from './crash-watch.js';

/** A worker as it is planned, whether or not it has been started. */
export interface PlannedTimeout {
  readonly id: string;
  readonly timeoutMs: number | undefined;
}

/** A connection at this moment: all that a check looks at. Taking one opens nothing and waits for nobody. */
export interface ConnectionView {
  readonly connection: string;
  readonly state: EngineState;
  /** Without any it joins no group, as one that only sends. */
  readonly workers: readonly PlannedTimeout[];
  readonly snapshot: EngineSnapshot;
  readonly stats: EngineStats;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The last crash that a group's client has told of; undefined: none was heard. */
  crashOf(groupId: string): CrashReport | undefined;
}
