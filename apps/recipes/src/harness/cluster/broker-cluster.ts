import { randomBytes } from 'node:crypto';
import { kafkajsDriver } from '@kafka-worker/kafkajs';
import type { KafkaConfig } from '../kafka-config.js';
import { namespaced } from './namespaced-driver.js';
import type { ClusterAddress, RecipeCluster } from './recipe-cluster.js';

/** What brokers allow as the least by default. Milliseconds. */
const SESSION_TIMEOUT_MS = 6000;

/** Real brokers. Topics and groups get a prefix nobody else has, since others use them too. */
export class BrokerCluster implements RecipeCluster {
  readonly kind = 'broker';
  readonly #prefix: string;

  constructor(
    private readonly brokers: readonly string[],
    name: string,
  ) {
    this.#prefix = `recipe-${name}-${randomBytes(4).toString('hex')}.`;
  }

  connect(clientId: string): KafkaConfig {
    return connectBrokers(this.brokers, this.#prefix, clientId);
  }

  async address(): Promise<ClusterAddress> {
    return { kind: 'broker', brokers: this.brokers, prefix: this.#prefix };
  }

  async close(): Promise<void> {
    // Whoever started the brokers ends them.
  }
}

/** Brokers under the prefix of a recipe. */
export function connectBrokers(brokers: readonly string[], prefix: string, clientId: string): KafkaConfig {
  const client = { clientId, brokers: [...brokers] };
  return {
    driver: namespaced(kafkajsDriver({ client }), prefix),
    assigning: (assignment) => namespaced(kafkajsDriver({ client, assignment }), prefix),
    sessionTimeout: SESSION_TIMEOUT_MS,
  };
}
