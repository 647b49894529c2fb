import type { Concurrency } from '@kafka-worker/engine';

/**
 * Everything a simulation is made of, as plain data: the same scenario takes the same way on any machine. What is not
 * written out in it (latencies, handlers' times and outcomes, the order of what happens at one instant) is decided by
 * its seed.
 */
export interface Scenario {
  /** Of every decision. */
  readonly seed: number;
  readonly cluster: ClusterSpec;
  readonly engine: EngineSpec;
  readonly workers: readonly WorkerSpec[];
  readonly handlers: HandlerSpec;
  readonly actions: readonly Action[];
}

/** Times are milliseconds. */
export interface ClusterSpec {
  /** Partitions of each topic `t0`, `t1`, …. */
  readonly partitions: readonly number[];
  readonly incremental: boolean;
  readonly heartbeatsDuringRevoke: boolean;
  /** Longest hop of a message; each takes its own share of it. */
  readonly latencyMs: number;
  readonly heartbeatIntervalMs: number;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly fetchMaxRecords: number;
  /** False: what happens at one instant happens in the order in which it was set off. */
  readonly shuffle: boolean;
}

/** Of every process alike. Times are milliseconds. */
export interface EngineSpec {
  readonly maxConcurrency: number | undefined;
  readonly strategy: 'drain' | 'commit-completed';
  readonly drainMs: number | undefined;
  readonly graceMs: number;
  readonly forceMs: number;
}

/** One worker; every process runs all of them. Times are milliseconds. */
export interface WorkerSpec {
  /** Number of its topic. */
  readonly topic: number;
  /** Number of its group. */
  readonly group: number;
  readonly concurrency: Concurrency;
  readonly limit: number;
  readonly partitionLimit: number | undefined;
  readonly nullKey: 'unordered' | 'partition';
  /** `none`: by the record's key. `coarse`: two keys share a lane. `broken`: it throws for key `k0`. */
  readonly orderBy: 'none' | 'coarse' | 'broken';
  readonly commit: { readonly intervalMs: number; readonly records: number } | 'each' | 'manual' | 'none';
  /** Left out: `'at-least-once'`. */
  readonly delivery?: 'at-least-once' | 'at-most-once' | 'transactional' | 'exactly-once' | undefined;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly onFailure: 'freeze-partition' | 'freeze-key' | 'skip' | 'dead-letter';
  /** What is frozen by `onFailure` goes on by itself. Left out: it does not. */
  readonly unfreezeAfterMs?: number | undefined;
  /** Of `dead-letter`. Left out: no bound. */
  readonly budget?: { readonly share: number; readonly burst: number; readonly refillMs: number } | undefined;
  /** Before `onFailure`: the delays `RETRY_DELAYS_MS`, in topics, or `in-order`. Left out: none. */
  readonly retryTopics?: boolean | 'in-order';
  readonly timeoutMs: number | undefined;
  readonly bufferRecords: number;
  readonly bufferBytes: number;
}

/** How handlers behave; each attempt's way is decided by the record and the attempt. Shares are 0 to 1. */
export interface HandlerSpec {
  /** Longest time of a handler that takes time. Milliseconds. */
  readonly maxMs: number;
  /** Handlers that return or throw at once, without a promise. */
  readonly sync: number;
  /** Handlers that settle in the same turn. */
  readonly micro: number;
  /** Attempts that fail. */
  readonly fails: number;
  /** Records that fail every time. */
  readonly poison: number;
  /** Failures that steer (skip, freeze, retry later, no retry) instead of an error that is just thrown. */
  readonly steers: number;
  /** Handlers that take no notice of their signal. */
  readonly deaf: number;
  /** With a timeout: handlers that never settle by themselves. */
  readonly hangs: number;
  /** Handlers that commit before they end. */
  readonly commits: number;
}

/** Something that happens to the cluster or is done to a process. `process` counts those alive, in a circle. */
export type Action =
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'produce'; readonly topic: number; readonly partition: number; readonly keys: readonly Key[] }
  | { readonly type: 'gap'; readonly topic: number; readonly partition: number; readonly count: number }
  | { readonly type: 'retention'; readonly topic: number; readonly partition: number; readonly keep: number }
  | { readonly type: 'compact'; readonly topic: number; readonly partition: number }
  | {
      readonly type: 'transaction';
      readonly topic: number;
      readonly partition: number;
      readonly keys: readonly Key[];
      /** How long it is open. Milliseconds. */
      readonly ms: number;
      readonly end: 'commit' | 'abort';
    }
  | { readonly type: 'join' }
  | { readonly type: 'leave'; readonly process: number }
  | { readonly type: 'kill'; readonly process: number }
  | { readonly type: 'cut-off'; readonly process: number }
  | { readonly type: 'back'; readonly process: number }
  | { readonly type: 'expire'; readonly process: number }
  | { readonly type: 'move-coordinator'; readonly group: number; readonly ms: number }
  | { readonly type: 'pass-generation'; readonly group: number }
  | {
      readonly type: 'drop-connection';
      readonly process: number;
      readonly lost: 'requests' | 'answers';
      readonly ms: number;
    }
  | { readonly type: 'redeliver'; readonly on: boolean }
  | { readonly type: 'transaction-fault'; readonly fault: TransactionFaultSpec; readonly times: number }
  | { readonly type: 'store-fault'; readonly fault: 'refused' | 'answer-lost'; readonly times: number }
  | { readonly type: 'produce-fault'; readonly fault: ProduceFaultSpec; readonly times: number }
  | { readonly type: 'commit-fault'; readonly fault: CommitFaultSpec; readonly times: number }
  | {
      readonly type: 'pause' | 'resume';
      readonly process: number;
      readonly scope: 'worker' | 'partition';
      readonly nth: number;
    }
  | { readonly type: 'seek'; readonly process: number; readonly nth: number; readonly share: number }
  | { readonly type: 'skip'; readonly process: number; readonly nth: number }
  | { readonly type: 'unfreeze'; readonly process: number; readonly nth: number; readonly skip: boolean };

/** `k0`, `k1`, … by number; null: none. */
export type Key = number | null;

/** What goes wrong with a commit. */
export type CommitFaultSpec = 'refused' | 'answer-lost' | 'slow-request' | 'slow-answer' | 'too-large' | 'stale';

/** What goes wrong with a dead letter, or with a record for a retry topic. */
export type ProduceFaultSpec = 'refused' | 'answer-lost' | 'slow';

/** What goes wrong with a transaction. */
export type TransactionFaultSpec = 'refused' | 'request-lost' | 'answer-lost' | 'slow';

/** Where handlers with transactions send to. */
export const OUTPUTS = 'out';

/** Of workers with retry topics. Milliseconds. */
export const RETRY_DELAYS_MS: readonly number[] = [300, 4_000];

/** Where dead letters go. */
export const DEAD_LETTERS = 'dead';

/** Retry topics count from here: `1000 + 100 * topic + 10 * group + delay`. */
const RETRY_TOPICS = 1_000;

/** Number of the retry topic of a topic, a group and a delay. */
export const retryTopic = (topic: number, group: number, delay: number): number =>
  RETRY_TOPICS + 100 * topic + 10 * group + delay;

/** Where records of a retry topic come from, and after which delay; undefined: it is none. */
export function ofRetryTopic(topic: number): { topic: number; group: number; delay: number } | undefined {
  if (topic < RETRY_TOPICS) return undefined;
  const rest = topic - RETRY_TOPICS;
  return { topic: Math.floor(rest / 100), group: Math.floor(rest / 10) % 10, delay: rest % 10 };
}

/** Name of a topic by its number. */
export function topicName(topic: number): string {
  const retry = ofRetryTopic(topic);
  if (retry === undefined) return `t${topic}`;
  return `t${retry.topic}.g${retry.group}.retry-${RETRY_DELAYS_MS[retry.delay]}`;
}

/** Name of a group by its number. */
export const groupName = (group: number): string => `g${group}`;

/** Id of a worker by its place in the scenario. */
export const workerName = (index: number): string => `w${index}`;
