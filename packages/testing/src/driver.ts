import type { DriverCapabilities, KafkaDriver } from '@kafka-worker/engine';
import { InMemoryAdmin } from './client/admin.js';
import { InMemoryConsumer } from './client/consumer.js';
import { InMemoryProducer } from './client/producer.js';
import { InMemoryTransactionalProducer } from './client/transactional-producer.js';
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
  /**
   * False: the client sends no heartbeats while `revoking` is awaited, as kafkajs does. The driver then has
   * `keepAliveDuringRevokeMs`, and a session that no commit renews meanwhile runs out. Default true.
   */
  readonly heartbeatsDuringRevoke?: boolean;
  /** True: consumers get records of open and aborted transactions too. Default false, as with kafkajs. */
  readonly readUncommitted?: boolean;
}

/** @internal */
export function createDriver(core: ClusterCore, options: InMemoryDriverOptions): KafkaDriver {
  const clientId = options.clientId ?? 'in-memory';
  const capabilities = capabilitiesOf(options, core.options.sessionTimeoutMs);
  const incrementalRebalance = options.incrementalRebalance ?? false;
  const heartbeatsDuringRevoke = options.heartbeatsDuringRevoke ?? true;
  const isolation = options.readUncommitted ? 'read-uncommitted' : 'read-committed';
  return {
    name: 'in-memory',
    capabilities,
    createConsumer: (consumer) =>
      new InMemoryConsumer(core, { ...consumer, clientId, incrementalRebalance, heartbeatsDuringRevoke, isolation }),
    createProducer: () => new InMemoryProducer(core, clientId),
    createTransactionalProducer: (id) => new InMemoryTransactionalProducer(core, clientId, id),
    createAdmin: () => new InMemoryAdmin(core, clientId),
  };
}

/** @internal */
export function capabilitiesOf(
  { incrementalRebalance = false, heartbeatsDuringRevoke = true }: InMemoryDriverOptions,
  defaultSessionTimeoutMs: number,
): DriverCapabilities {
  return {
    incrementalRebalance,
    staticMembership: false,
    commitDuringRevoke: true,
    transactions: true,
    ...(!heartbeatsDuringRevoke && {
      keepAliveDuringRevokeMs: ({ sessionTimeoutMs = defaultSessionTimeoutMs }) => sessionTimeoutMs / 4,
    }),
  };
}
