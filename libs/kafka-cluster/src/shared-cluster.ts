import { acquireCluster, availableKafka } from './acquire-cluster.js';
import { KafkaUnavailableError } from './errors.js';
import type { KafkaCluster } from './kafka-cluster.js';
import { TEST_BROKERS } from './test-brokers.js';

let shared: KafkaCluster | undefined;

/**
 * Starts the cluster of a whole jest run and names it to the test processes, which inherit the environment.
 * Without any Kafka: throws KafkaUnavailableError if CI=true or KAFKA_WORKER_REQUIRE_KAFKA=1, else says loudly that
 * the tests on a real broker are left out.
 */
export async function startSharedCluster(): Promise<void> {
  // A KafkaUnavailableError from further down (Maven without network) counts as none, too.
  const cluster = (await availableKafka()) === undefined ? new KafkaUnavailableError() : await tryAcquire();
  if (cluster instanceof KafkaUnavailableError) {
    if (process.env['CI'] === 'true' || process.env['KAFKA_WORKER_REQUIRE_KAFKA'] === '1') throw cluster;
    delete process.env[TEST_BROKERS];
    process.stderr.write(
      `\n${'!'.repeat(80)}\nLEFT OUT: every test on a real broker.\n${cluster.message}\n${'!'.repeat(80)}\n\n`,
    );
    return;
  }
  shared = cluster;
  process.env[TEST_BROKERS] = cluster.bootstrap.join(',');
}

/** Stops the shared cluster, if there is one. */
export async function stopSharedCluster(): Promise<void> {
  await shared?.stop();
  shared = undefined;
}

async function tryAcquire(): Promise<KafkaCluster | KafkaUnavailableError> {
  try {
    return await acquireCluster();
  } catch (error) {
    if (error instanceof KafkaUnavailableError) return error;
    throw error;
  }
}
