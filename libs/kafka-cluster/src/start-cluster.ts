import { makeClassArchive } from './class-archive.js';
import { JavaBrokers } from './java-brokers.js';
import type { KafkaCluster } from './kafka-cluster.js';
import { withDefaults, type ClusterOptions } from './options.js';
import { RunningCluster } from './running-cluster.js';

/**
 * Starts Apache Kafka with Java on free ports of 127.0.0.1 and waits until every broker answers: about 2 s for one.
 * The first call on a machine fetches the jars with Maven and makes a class archive, about 20 s together.
 * Throws KafkaUnavailableError without Java 17 or Maven, KafkaClusterError when a broker does not come up.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<KafkaCluster> {
  await makeClassArchive();
  const brokers = await JavaBrokers.create(withDefaults(options));
  return new RunningCluster(brokers).ready();
}
