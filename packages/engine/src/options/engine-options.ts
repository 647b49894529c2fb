import type { Clock } from '../clock.js';
import type { DeliveryHandler } from '../delivery/delivery.js';
import type { KafkaDriver } from '../driver/driver.js';
import type { TopicPartition } from '../driver/record.js';
import type { WorkerInstrumentation } from '../instrumentation/worker-instrumentation.js';
import type { WorkerOptions } from './worker-options.js';

/** A handler with what it wants to be called for. */
export interface WorkerDefinition {
  /** Unique within the engine; `Class#method` under Nest. */
  readonly id: string;
  readonly groupId: string;
  /** A topic belongs to one worker of a group. */
  readonly topics: readonly (string | RegExp)[];
  readonly options?: WorkerOptions;
  readonly handle: DeliveryHandler;
  /**
   * Looks at what the handler gave, or what its promise resolved to, and gives a promise where the record is not done
   * before that has settled: for what a layer above calls asynchronous and the engine does not know (Observables).
   */
  readonly unwrap?: (value: unknown) => PromiseLike<unknown> | undefined;
}

/** How partitions are given back. */
export interface RebalanceOptions {
  /**
   * `'drain'`: running handlers finish first, bounded by `timeoutMs`. `'commit-completed'`: signals abort, what is
   * settled is committed at once and the rest is delivered again to the next owner. Default `'drain'`.
   */
  readonly strategy?: 'drain' | 'commit-completed';
  /** Bound of the drain. Milliseconds. Default: nine tenths of what the driver leaves of the group's rebalance timeout. */
  readonly timeoutMs?: number;
}

/** How the process ends. */
export interface ShutdownOptions {
  /** Time for running handlers to finish. Milliseconds. Default 25,000: inside Kubernetes' 30 s. */
  readonly graceMs?: number;
  /** Time after that, with signals aborted, before the group is left anyhow. Milliseconds. Default 3,000. */
  readonly forceMs?: number;
}

/**
 * beginning  the first record there is
 * latest     records that are written from now on
 * none       the group must have an offset: the start is refused where a partition has none
 */
export type StartPolicy = 'beginning' | 'latest' | 'none';

/** What an engine is made with. */
export interface EngineOptions {
  readonly driver: KafkaDriver;
  readonly clock?: Clock;
  /** Handlers of all workers that run at once. Default: no bound beside each worker's `limit`. */
  readonly maxConcurrency?: number;
  readonly rebalance?: RebalanceOptions;
  readonly shutdown?: ShutdownOptions;
  /** Of each member. Milliseconds. Default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** Of each member. Milliseconds. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** Where a group without a committed offset starts. Default `'beginning'`, so that nothing is skipped. */
  readonly startFrom?: StartPolicy;
  /**
   * A committed offset that lies behind the end of the log (the topic was cut or made anew) sends the group back to the
   * beginning, if that delivers no more than this many records again; else the partition stands until somebody seeks.
   * Default 10,000; `Infinity`: always back.
   */
  readonly maxRewind?: number;
  /** Default false: a missing topic stops the start. */
  readonly allowAutoTopicCreation?: boolean;
  /** Looks on: the first is the outermost. Default none, which costs nothing. */
  readonly instrumentation?: readonly WorkerInstrumentation[];
  /**
   * How often each member asks the broker whether it owns what it believes it owns. Milliseconds. Default: never.
   * A member that the broker has forgotten would look healthy by every other sign.
   */
  readonly ownershipCheckMs?: number;
}

/** What a command is for. Everything left out matches everything. */
export interface Target extends Partial<TopicPartition> {
  readonly groupId?: string;
  readonly worker?: string;
}
