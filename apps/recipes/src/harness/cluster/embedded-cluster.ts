import { InMemoryCluster, remoteDriver, serveCluster, type ClusterServer } from '@kafka-worker/testing';
import type { KafkaConfig } from '../kafka-config.js';
import type { ClusterAddress, RecipeCluster } from './recipe-cluster.js';

/** Soon, so that nobody waits long for a killed member's partitions. Milliseconds. */
const SESSION_TIMEOUT_MS = 300;

/** A Kafka in this process's memory, served to others on the loopback interface when they ask. */
export class EmbeddedCluster implements RecipeCluster {
  readonly kind = 'embedded';
  readonly #cluster = new InMemoryCluster();
  #server: Promise<ClusterServer> | undefined;

  connect(clientId: string): KafkaConfig {
    const assigning: NonNullable<KafkaConfig['assigning']> = (assignment) =>
      this.#cluster.driver({ clientId, incrementalRebalance: assignment === 'cooperative' });
    return { driver: assigning('round-robin'), assigning, sessionTimeout: SESSION_TIMEOUT_MS };
  }

  async address(): Promise<ClusterAddress> {
    const { port } = await (this.#server ??= serveCluster(this.#cluster));
    return { kind: 'embedded', port };
  }

  async close(): Promise<void> {
    await (await this.#server)?.close();
  }
}

/** The embedded cluster as a process sees it that does not hold it. */
export function connectRemote(port: number, clientId: string): KafkaConfig {
  return { driver: remoteDriver({ port, clientId }), sessionTimeout: SESSION_TIMEOUT_MS };
}
