import { randomBytes } from 'node:crypto';

/** Where jest's global setup leaves the bootstrap servers for the tests. */
export const TEST_BROKERS = 'KAFKA_WORKER_TEST_BROKERS';

/** Whether jest's global setup found a Kafka: `(hasTestBrokers() ? describe : describe.skip)(…)`. */
export function hasTestBrokers(): boolean {
  return (process.env[TEST_BROKERS] ?? '') !== '';
}

/** `host:port` of the cluster that the whole jest run shares. Throws when there is none. */
export function testBrokers(): string[] {
  if (!hasTestBrokers()) throw new Error(`${TEST_BROKERS} is not set: did jest's global setup start a Kafka?`);
  return (process.env[TEST_BROKERS] as string).split(',');
}

/** `prefix` with an ending nobody else has: for topics and groups of one test on a cluster shared by all. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
