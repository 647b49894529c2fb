import type { Clock, DriverConsumer, KafkaDriver } from '@kafka-worker/engine';
import { BoundedReader, type ReadPlan } from './bounded-reader.js';

/** What a reader joins its group with. Times are milliseconds. */
export interface JoinOptions {
  readonly driver: KafkaDriver;
  readonly topic: string;
  readonly clock: Clock;
  readonly silenceMs: number;
  readonly sessionTimeoutMs: number;
  /** Aborted meanwhile: it leaves again, which is no failure. */
  readonly signal: AbortSignal | undefined;
  /** Makes the plan for the consumer that it will be read with. */
  readonly plan: (consumer: DriverConsumer) => ReadPlan;
}

/**
 * A reader whose first join is over.
 * @throws KafkaWorkerError as `DriverConsumer.start`, and what the client fails with before it has joined
 */
export async function joinReader(options: JoinOptions, groupId: string): Promise<BoundedReader> {
  const { driver, topic, clock, silenceMs, sessionTimeoutMs, signal } = options;
  const consumer = driver.createConsumer({ groupId, topics: [topic], sessionTimeoutMs });
  const reader = new BoundedReader({ consumer, plan: options.plan(consumer), clock, silenceMs });
  const leave = (): void => void reader.stop();
  signal?.addEventListener('abort', leave, { once: true });
  try {
    if (!signal?.aborted) await reader.start();
    await reader.joined(signal);
  } catch (error) {
    await reader.stop();
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
  }
  return reader;
}
