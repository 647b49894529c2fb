import type { DriverConsumerState } from '../driver/driver.js';
import type { TopicPartition } from '../driver/record.js';
import type { Disposition } from '../delivery/delivery.js';
import type { FreezeScope } from '../delivery/failure-policy.js';

interface OfRecord extends TopicPartition {
  readonly groupId: string;
  readonly worker: string;
  readonly offset: number;
  readonly attempt: number;
}

interface OfPartition extends TopicPartition {
  readonly groupId: string;
  readonly worker: string;
}

/**
 * INITIALIZED  made, nothing started
 * RUNNING      members are in their groups or on their way
 * DRAINING     nothing new starts; running handlers finish and are committed
 * STOPPED      left every group
 */
export type EngineState = 'INITIALIZED' | 'RUNNING' | 'DRAINING' | 'STOPPED';

/** Everything the engine tells. `type` decides the rest. Times are milliseconds. */
export type EngineEvent =
  | { readonly type: 'engine.state'; readonly state: EngineState }
  | {
      readonly type: 'group.state';
      readonly groupId: string;
      readonly state: DriverConsumerState;
      readonly error?: Error;
    }
  | {
      readonly type: 'group.rebalanced';
      readonly groupId: string;
      readonly generation: number;
      readonly memberId: string;
      readonly assigned: readonly TopicPartition[];
      readonly revoked: readonly TopicPartition[];
      readonly kept: readonly TopicPartition[];
      /** From the first notice until the new assignment was ready. */
      readonly durationMs: number;
    }
  | {
      readonly type: 'group.lost';
      readonly groupId: string;
      readonly partitions: readonly TopicPartition[];
      readonly error: Error;
    }
  | { readonly type: 'drain.started'; readonly groupId: string; readonly cause: DrainCause; readonly running: number }
  | {
      readonly type: 'drain.finished';
      readonly groupId: string;
      readonly cause: DrainCause;
      readonly outcome: DrainOutcome;
      /** Handlers that finished during the drain. */
      readonly finished: number;
      /** Handlers that still ran when the time was up: their records will be delivered again. */
      readonly left: number;
      readonly durationMs: number;
    }
  | (OfRecord & {
      readonly type: 'record.settled';
      readonly disposition: Exclude<Disposition, 'frozen'>;
      /** What it was skipped for. */
      readonly error?: Error;
    })
  | (OfRecord & { readonly type: 'record.failed'; readonly error: Error; readonly retryInMs: number | undefined })
  | (OfRecord & { readonly type: 'record.late'; readonly outcome: 'done' | 'failed' })
  | (OfRecord & { readonly type: 'frozen'; readonly scope: FreezeScope; readonly error: Error })
  | (OfPartition & { readonly type: 'unfrozen'; readonly scope: FreezeScope; readonly skipped: boolean })
  | (OfPartition & { readonly type: 'paused' | 'resumed' })
  | (OfPartition & { readonly type: 'sought'; readonly offset: number })
  | {
      readonly type: 'commit.succeeded';
      readonly groupId: string;
      readonly partitions: number;
      readonly durationMs: number;
    }
  | { readonly type: 'commit.failed'; readonly groupId: string; readonly error: Error; readonly willRetry: boolean }
  | (OfPartition & { readonly type: 'map.dropped'; readonly reason: string })
  | (OfPartition & { readonly type: 'map.held' | 'map.released'; readonly chars: number })
  | (OfPartition & {
      readonly type: 'position.reset';
      readonly from: number;
      readonly to: number;
      readonly reason: string;
    });

/** What partitions are drained for. */
export type DrainCause = 'rebalance' | 'shutdown';

/**
 * drained    everything that ran has finished
 * timeout    the time was up first
 * completed  strategy `commit-completed`: signals aborted, nothing waited for
 */
export type DrainOutcome = 'drained' | 'timeout' | 'completed';
