import { DockerBrokers, hasDocker } from './docker-brokers.js';
import { KafkaClusterError, KafkaUnavailableError } from './errors.js';
import { ForeignBrokers } from './foreign-brokers.js';
import { hasJava } from './java.js';
import type { KafkaCluster } from './kafka-cluster.js';
import { hasMaven, jarsAreCached } from './kafka-jars.js';
import { withDefaults, type ClusterOptions } from './options.js';
import { RunningCluster } from './running-cluster.js';
import { startCluster } from './start-cluster.js';

/** Where a Kafka can come from. */
export type KafkaSource = 'env' | 'java' | 'docker';

/**
 * The best way to a Kafka on this machine: `env` when KAFKA_BROKERS is set, `java` with Java 17 and Maven (or jars
 * fetched before), `docker` when an engine with compose answers, else `undefined`. Starts nothing.
 */
export async function availableKafka(): Promise<KafkaSource | undefined> {
  if (foreignBootstrap().length > 0) return 'env';
  if (await canStartCluster()) return 'java';
  return (await hasDocker()) ? 'docker' : undefined;
}

/** Whether `startCluster` has what it needs: for tests that kill brokers, which KAFKA_BROKERS cannot serve. */
export async function canStartCluster(): Promise<boolean> {
  return (await hasJava()) && ((await jarsAreCached()) || (await hasMaven()));
}

/**
 * A cluster in the best available way, see `availableKafka`. With KAFKA_BROKERS, `properties`, `heapMb`, `jvmOptions`
 * and `port` do not count, `stop` leaves the brokers alone, and what would kill or suspend one throws
 * NotOurBrokerError. Throws KafkaUnavailableError when there is no way, KafkaClusterError when the cluster does not
 * come up or has fewer brokers than asked for.
 */
export async function acquireCluster(options: ClusterOptions = {}): Promise<KafkaCluster> {
  const wanted = withDefaults(options);
  switch (await availableKafka()) {
    case 'env':
      return foreignCluster(wanted.brokers);
    case 'java':
      return startCluster(options);
    case 'docker':
      return new RunningCluster(await DockerBrokers.create(wanted)).ready();
    case undefined:
      throw new KafkaUnavailableError();
  }
}

async function foreignCluster(wanted: number): Promise<KafkaCluster> {
  const brokers = await ForeignBrokers.find(foreignBootstrap());
  if (brokers.list.length < wanted) {
    throw new KafkaClusterError(`KAFKA_BROKERS has ${brokers.list.length} broker(s), ${wanted} are needed`);
  }
  return new RunningCluster(brokers);
}

function foreignBootstrap(): string[] {
  const list = process.env['KAFKA_BROKERS'] ?? '';
  return list
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
}
