import type { DriverConsumerState, RecordMetadata } from '../driver/driver.js';
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
      /** What it was skipped, dead-lettered or retried later for. */
      readonly error?: Error;
      /** Where its copy stands now: dead letters and retry topics. */
      readonly to?: RecordMetadata;
    })
  | (OfRecord & { readonly type: 'record.failed'; readonly error: Error; readonly retryInMs: number | undefined })
  | (OfRecord & { readonly type: 'record.late'; readonly outcome: 'done' | 'failed' })
  | (OfRecord & {
      readonly type: 'frozen';
      readonly scope: FreezeScope;
      readonly reason: FreezeReason;
      readonly error: Error;
      /** When it will try again by itself. Milliseconds; undefined: never. */
      readonly unfreezeInMs: number | undefined;
    })
  | (OfPartition & {
      readonly type: 'unfrozen';
      readonly offset: number;
      readonly scope: FreezeScope;
      readonly skipped: boolean;
      readonly by: 'operator' | 'timer';
    })
  /** A dead letter or a record for a retry topic was not acknowledged; undefined `retryInMs`: the lane freezes. */
  | (OfRecord & {
      readonly type: 'forward.failed';
      readonly to: string;
      readonly error: Error;
      readonly retryInMs: number | undefined;
    })
  /** `idempotency`: its handler has succeeded and its key could not be marked: a duplicate would be handled again. */
  | (OfRecord & { readonly type: 'key.unmarked'; readonly error: Error })
  | (OfPartition & { readonly type: 'paused' | 'resumed' })
  | (OfPartition & { readonly type: 'sought'; readonly offset: number })
  | { readonly type: 'limit.changed'; readonly groupId: string; readonly worker: string; readonly limit: number }
  /**
   * The broker says that this process does not own these partitions, and it believes that it does; an empty list: they
   * agree again. See `EngineOptions.ownershipCheckMs`.
   */
  | { readonly type: 'group.disowned'; readonly groupId: string; readonly partitions: readonly TopicPartition[] }
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
    })
  /** The partition stands: it has no position that could be taken without losing or repeating much. Somebody has to seek. */
  | (OfPartition & { readonly type: 'position.held'; readonly from: number | undefined; readonly reason: string })
  /** The partition was taken anew from its store: somebody else had claimed it, or the store had been away. */
  | (OfPartition & { readonly type: 'claim.renewed'; readonly offset: number; readonly error: Error });

/**
 * attempts  its attempts are used up
 * handler   the handler threw `FreezeError`
 * budget    it would have been dead-lettered, and the budget is spent
 * delay     it waits for its next delay (`retryTopics` with `orderedBy: 'key'`)
 * forward   its dead letter or its copy for a retry topic could not be sent
 * operator  `freeze()` was called for its partition
 */
export type FreezeReason = 'attempts' | 'handler' | 'budget' | 'delay' | 'forward' | 'operator';

/** What partitions are drained for. */
export type DrainCause = 'rebalance' | 'shutdown';

/**
 * drained    everything that ran has finished
 * timeout    the time was up first
 * completed  strategy `commit-completed`: signals aborted, nothing waited for
 */
export type DrainOutcome = 'drained' | 'timeout' | 'completed';
