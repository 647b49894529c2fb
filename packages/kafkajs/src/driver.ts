import type {
  DriverAdmin,
  DriverCapabilities,
  DriverConsumer,
  DriverConsumerOptions,
  DriverProducer,
  DriverTransactionalProducer,
  KafkaDriver,
} from '@kafka-worker/engine';
import { KafkajsAdmin } from './admin/admin.js';
import { DEFAULT_SESSION_TIMEOUT_MS } from './consumer/consumer-config.js';
import { KafkajsConsumer } from './consumer/consumer.js';
import type { KafkajsDriverOptions } from './options.js';
import { KafkajsProducer } from './producer/producer.js';
import { KafkajsTransactionalProducer } from './transactions/transactional-producer.js';

/**
 * The engine's driver on kafkajs: the classic group protocol, everything revoked in each join, with an awaited
 * hand-over before it. No static membership.
 */
export class KafkajsDriver implements KafkaDriver {
  readonly name = 'kafkajs';
  readonly capabilities: DriverCapabilities = {
    incrementalRebalance: false,
    staticMembership: false,
    commitDuringRevoke: true,
    // kafkajs sends no heartbeats while the hand-over is awaited, and a commit renews the session as well.
    keepAliveDuringRevokeMs: ({ sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS }) => sessionTimeoutMs / 4,
    transactions: true,
  };

  constructor(private readonly options: KafkajsDriverOptions) {}

  createConsumer(options: DriverConsumerOptions): DriverConsumer {
    return new KafkajsConsumer(this.options, options);
  }

  createProducer(): DriverProducer {
    return new KafkajsProducer(this.options);
  }

  createTransactionalProducer(transactionalId: string): DriverTransactionalProducer {
    return new KafkajsTransactionalProducer(this.options, transactionalId);
  }

  createAdmin(): DriverAdmin {
    return new KafkajsAdmin(this.options);
  }
}

/** A driver on kafkajs, as `new KafkajsDriver(options)`. */
export function kafkajsDriver(options: KafkajsDriverOptions): KafkajsDriver {
  return new KafkajsDriver(options);
}
