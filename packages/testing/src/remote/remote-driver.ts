import type { KafkaDriver } from '@kafka-worker/engine';
import { capabilitiesOf } from '../driver.js';
import type { RemoteDriverOptions } from './connect.js';
import { RemoteAdmin, RemoteProducer } from './remote-clients.js';
import { RemoteConsumer } from './remote-consumer.js';
import { RemoteTransactionalProducer } from './remote-transactional-producer.js';

/**
 * A driver on a cluster that another process of this machine serves (`serveCluster`). Every consumer, producer and
 * admin has a connection of its own; a consumer whose connection drops is a member that died.
 */
export function remoteDriver(options: RemoteDriverOptions): KafkaDriver {
  return {
    name: 'in-memory-remote',
    // The cluster's own default is not known here: a driver with shorter sessions names them for each consumer.
    capabilities: capabilitiesOf(options, 30_000),
    createConsumer: (consumer) => new RemoteConsumer(options, consumer),
    createProducer: () => new RemoteProducer(options),
    createTransactionalProducer: (transactionalId) => new RemoteTransactionalProducer(options, transactionalId),
    createAdmin: () => new RemoteAdmin(options),
  };
}
