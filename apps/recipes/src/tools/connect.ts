import type { DriverAdmin } from '@kafka-worker/engine';
import { kafkajsDriver } from '@kafka-worker/kafkajs';

/** Questions to a cluster by somebody who sits in front of the screen: gives up after some seconds. */
export function connectAdmin(clientId: string, brokers: readonly string[]): DriverAdmin {
  const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 4 };
  return kafkajsDriver({ client: { clientId, brokers: [...brokers], connectionTimeout: 2000, retry } }).createAdmin();
}
