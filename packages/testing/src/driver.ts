import type { KafkaDriver } from '@kafka-worker/engine';
import { InMemoryAdmin } from './client/admin.js';
import { InMemoryConsumer } from './client/consumer.js';
import { InMemoryProducer } from './client/producer.js';
import type { ClusterCore } from './cluster-core.js';

/** Options of `InMemoryCluster.driver`. */
export interface InMemoryDriverOptions {
  /** Start of the member ids and of the clients' names in a `Hop`. Default `in-memory`. */
  readonly clientId?: string;
  /**
   * True: the group works cooperatively, and only partitions that leave are revoked. All members of a group must agree.
   * Default false: every rebalance revokes all.
   */
  readonly incrementalRebalance?: boolean;
}

/** @internal */
export function createDriver(core: ClusterCore, options: InMemoryDriverOptions): KafkaDriver {
  const clientId = options.clientId ?? 'in-memory';
  const incrementalRebalance = options.incrementalRebalance ?? false;
  return {
    name: 'in-memory',
    capabilities: { incrementalRebalance, staticMembership: false, commitDuringRevoke: true, transactions: false },
    createConsumer: (consumer) => new InMemoryConsumer(core, { ...consumer, clientId, incrementalRebalance }),
    createProducer: () => new InMemoryProducer(core, clientId),
    createAdmin: () => new InMemoryAdmin(core, clientId),
  };
}
