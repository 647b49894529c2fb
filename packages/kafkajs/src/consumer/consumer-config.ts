import type { DriverConsumerOptions } from '@kafka-worker/engine';
import type { ConsumerConfig } from 'kafkajs';
import type { KafkajsDriverOptions } from '../options.js';
import type { MembershipTiming } from './membership.js';

/** Milliseconds everywhere. */
export interface ConsumerTiming extends MembershipTiming {
  readonly heartbeatMs: number;
  readonly maxWaitMs: number;
  /** How long without an answer of the coordinator is worth a word. */
  readonly silenceMs: number;
}

/** How long the broker waits for a heartbeat unless said otherwise. Milliseconds. */
export const DEFAULT_SESSION_TIMEOUT_MS = 30_000;
const DEFAULT_REBALANCE_TIMEOUT_MS = 60_000;
const DEFAULT_HEARTBEAT_MS = 500;
const DEFAULT_MAX_WAIT_MS = 100;

/** kafkajs' consumer options with the driver's defaults, and the times that follow from them. */
export function consumerConfig(
  driver: KafkajsDriverOptions,
  options: DriverConsumerOptions,
  mayRestart: () => boolean,
): { config: ConsumerConfig; timing: ConsumerTiming } {
  const sessionTimeout = options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
  const rebalanceTimeout = options.rebalanceTimeoutMs ?? DEFAULT_REBALANCE_TIMEOUT_MS;
  const heartbeatInterval = driver.consumer?.heartbeatInterval ?? Math.min(DEFAULT_HEARTBEAT_MS, sessionTimeout / 3);
  const maxWaitTimeInMs = driver.consumer?.maxWaitTimeInMs ?? DEFAULT_MAX_WAIT_MS;
  const restart = driver.consumer?.retry?.restartOnFailure;
  const config: ConsumerConfig = {
    ...driver.consumer,
    groupId: options.groupId,
    sessionTimeout,
    rebalanceTimeout,
    heartbeatInterval,
    maxWaitTimeInMs,
    allowAutoTopicCreation: false,
    retry: {
      initialRetryTime: 100,
      maxRetryTime: 5000,
      retries: 8,
      ...driver.client.retry,
      ...driver.consumer?.retry,
      restartOnFailure: async (error) => mayRestart() && (restart ? await restart(error) : true),
    },
  };
  // The broker's clock for the rebalance runs already when the member hears of it with its next heartbeat; and after
  // the hand-over the JoinGroup still has to arrive.
  const late = heartbeatInterval + maxWaitTimeInMs + 1000;
  const revokeMs = Math.max(rebalanceTimeout / 2, rebalanceTimeout - late);
  return {
    config,
    timing: {
      heartbeatMs: heartbeatInterval,
      maxWaitMs: maxWaitTimeInMs,
      revokeMs,
      // Nobody's JoinGroup waits for it, and heartbeats go on: as long as the user lets a hand-over take at all.
      releaseMs: rebalanceTimeout,
      assignMs: sessionTimeout / 4,
      silenceMs: Math.max(sessionTimeout / 3, heartbeatInterval * 3),
    },
  };
}
