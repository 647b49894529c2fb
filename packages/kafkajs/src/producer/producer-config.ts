import kafkajs, { type ProducerConfig } from 'kafkajs';
import type { KafkajsDriverOptions } from '../options.js';

/** The first pause before a transaction is asked for again whose predecessor is just ending. Milliseconds. */
const TRANSACTION_RETRY_MS = 5;

/** What kafkajs' idempotent producer is made with. */
export function producerConfig(driver: KafkajsDriverOptions): ProducerConfig {
  const { compression: _compression, ...overrides } = driver.producer ?? {};
  const retry = { initialRetryTime: 100, maxRetryTime: 2000, retries: 20, ...driver.client.retry, ...overrides.retry };
  return {
    allowAutoTopicCreation: false,
    ...overrides,
    // kafkajs refuses an idempotent producer that never retries.
    retry: { ...retry, retries: Math.max(1, retry.retries) },
    idempotent: true,
    // One after the other on a connection: sequences reach the broker in the order they were given.
    maxInFlightRequests: 1,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  };
}

/** The same for a transactional one. */
export function transactionalConfig(driver: KafkajsDriverOptions, transactionalId: string): ProducerConfig {
  const config = producerConfig(driver);
  return {
    ...config,
    transactionalId,
    // What is sent in a transaction is idempotent anyway; this would get a second producer id, for what is sent outside.
    idempotent: false,
    // The broker refuses the first request of a transaction while it still writes the markers of the one before, and
    // what is waited for then is most of what a transaction takes.
    retry: { ...config.retry, initialRetryTime: TRANSACTION_RETRY_MS },
  };
}
