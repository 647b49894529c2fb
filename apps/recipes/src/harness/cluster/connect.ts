import type { KafkaConfig } from '../kafka-config.js';
import { connectBrokers } from './broker-cluster.js';
import { connectRemote } from './embedded-cluster.js';
import type { ClusterAddress } from './recipe-cluster.js';

/** The cluster of a recipe, for a process that was told where it is. */
export function connectTo(address: ClusterAddress, clientId: string): KafkaConfig {
  return address.kind === 'embedded'
    ? connectRemote(address.port, clientId)
    : connectBrokers(address.brokers, address.prefix, clientId);
}
