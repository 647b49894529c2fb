import type { DriverConsumerState } from './driver/driver.js';
import type { TopicPartition } from './driver/record.js';
import type { Disposition } from './delivery/delivery.js';
import type { FreezeScope } from './delivery/failure-policy.js';
import type { EngineState, FreezeReason } from './events/events.js';

/**
 * queued     behind others of its lane, or waiting for a slot
 * claiming   its commit is awaited before its handler starts (`at-most-once`)
 * running    with a handler
 * waiting    for its next attempt
 * forwarding its copy is on the way to a dead-letter or retry topic
 * frozen     stands
 * parked     behind a frozen record of its lane; its bytes are read again when they are needed
 */
export type RecordState = 'queued' | 'claiming' | 'running' | 'waiting' | 'forwarding' | 'frozen' | 'parked';

/** A record in flight. Its payload is not in here; `key` is, cut to 64 characters. */
export interface RecordSnapshot {
  readonly offset: number;
  readonly key: string | null;
  readonly state: RecordState;
  readonly attempt: number;
  /** Since its handler started, or since it was taken where none has. Milliseconds. */
  readonly ageMs: number;
  /** Message of the last failed attempt's error. */
  readonly error?: string;
}

/** Why a partition or a lane stands still. */
export interface FreezeSnapshot {
  readonly scope: FreezeScope;
  readonly reason: FreezeReason;
  readonly offset: number;
  readonly key: string | null;
  readonly error: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When it tries again by itself. Milliseconds since the epoch. */
  readonly unfreezesAt?: number;
}

/** One owned partition. */
export interface PartitionSnapshot extends TopicPartition {
  /** When it was assigned. Milliseconds since the epoch. */
  readonly since: number;
  readonly worker: string;
  /** Counts assignments in this process: results of another epoch are dropped. */
  readonly epoch: number;
  /** Acknowledged by the broker; undefined: nothing yet. */
  readonly committed: number | undefined;
  /** Lowest delivered offset that is not settled, else highest delivered + 1. */
  readonly frontier: number;
  /** Next offset to be taken from the client. */
  readonly position: number;
  readonly highWatermark: number;
  /** Records from the frontier to the end of the log. */
  readonly lag: number;
  /** Taken, not settled, and in memory. */
  readonly buffered: number;
  readonly bufferedBytes: number;
  readonly lanes: number;
  readonly running: number;
  readonly waiting: number;
  /** Characters of the done-set in the last commit. */
  readonly mapChars: number;
  /** The record that holds the frontier. */
  readonly heldBy?: RecordSnapshot;
  /** With handlers, or about to be: see `RecordSnapshot.state`. */
  readonly runningRecords: readonly RecordSnapshot[];
  /** Records behind frozen ones of their lane whose bytes were given up. */
  readonly parked: number;
  readonly frozen: readonly FreezeSnapshot[];
  /** Why the partition has no position to go on from; somebody has to seek. */
  readonly held?: string;
  readonly paused: boolean;
  /** The done-set is too large for more records above it to be started. */
  readonly mapHeld: boolean;
  readonly draining: boolean;
}

/** One worker. */
export interface WorkerSnapshot {
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly concurrency: string;
  readonly limit: number;
  readonly running: number;
  readonly paused: boolean;
  readonly delivery: string;
  /** Records by what became of them since the start; `frozen` counts every freeze. */
  readonly dispositions: Readonly<Record<Disposition, number>>;
  /** Dead letters that the budget allows now; undefined: no budget. */
  readonly deadLetterBudget?: number;
}

/** The last time the group's partitions were dealt out. */
export interface RebalanceSnapshot {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly assigned: number;
  readonly revoked: number;
  readonly kept: number;
}

/** One group this process is a member of. */
export interface GroupSnapshot {
  readonly groupId: string;
  readonly state: DriverConsumerState;
  readonly error?: string;
  readonly generation: number;
  readonly memberId: string;
  readonly protocol?: string;
  readonly lastRebalance?: RebalanceSnapshot;
  readonly workers: readonly WorkerSnapshot[];
  readonly partitions: readonly PartitionSnapshot[];
  /** Partitions that the broker says are not ours, twice in a row and without a rebalance between. */
  readonly disowned?: readonly TopicPartition[];
  /** When the client's loop has last gone round. Milliseconds since the epoch; left out where the driver cannot say. */
  readonly turnedAt?: number;
}

/** Everything `inspect()` says: plain data. */
export interface EngineSnapshot {
  readonly state: EngineState;
  readonly driver: string;
  readonly running: number;
  readonly maxConcurrency: number | undefined;
  readonly groups: readonly GroupSnapshot[];
}
