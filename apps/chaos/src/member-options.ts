import type { EngineOptions, WorkerOptions } from '@kafka-worker/engine';
import type { KafkajsDriverOptions } from '@kafka-worker/kafkajs';
import type { HandlerPlan } from './handler.js';

/** One group member, as plain JSON. */
export interface MemberOptions {
  /** Names the member in events and, as client id, on the broker. */
  readonly id: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly groupId: string;
  /** Only what survives JSON: no functions. */
  readonly worker: Pick<WorkerOptions, 'concurrency' | 'limit' | 'partitionLimit' | 'nullKey' | 'commit' | 'buffer'>;
  readonly retry?: RetryPlan;
  readonly engine?: Pick<EngineOptions, 'rebalance' | 'shutdown' | 'sessionTimeoutMs' | 'rebalanceTimeoutMs'>;
  readonly handler: HandlerPlan;
  /** Default: the driver's. */
  readonly assignment?: NonNullable<KafkajsDriverOptions['assignment']>;
  /** Milliseconds. Default: the driver's. */
  readonly heartbeatMs?: number;
  /** True: every hand-over of records is told. Default false. */
  readonly watched?: boolean;
}

/** How failed attempts are made again. */
export interface RetryPlan {
  readonly attempts: number;
  readonly backoffMs: number;
}
