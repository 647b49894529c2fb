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
import { checkAssignment, strategiesOf } from './assignment/create-assigners.js';
import { DEFAULT_SESSION_TIMEOUT_MS } from './consumer/consumer-config.js';
import { KafkajsConsumer } from './consumer/consumer.js';
import type { KafkajsDriverOptions } from './options.js';
import { KafkajsProducer } from './producer/producer.js';
import { KafkajsTransactionalProducer } from './transactions/transactional-producer.js';

/**
 * The engine's driver on kafkajs: the classic group protocol with an awaited hand-over. By default only what moves is
 * handed over, where all members of the group can do that. No static membership.
 */
export class KafkajsDriver implements KafkaDriver {
  readonly name = 'kafkajs';
  readonly capabilities: DriverCapabilities;

  /** @throws ConfigurationError where `assignment` is wrong */
  constructor(private readonly options: KafkajsDriverOptions) {
    checkAssignment(options);
    this.capabilities = {
      incrementalRebalance: strategiesOf(options).includes('cooperative'),
      staticMembership: false,
      commitDuringRevoke: true,
      // kafkajs sends no heartbeats while a hand-over before a join is awaited, and a commit renews the session as well.
      keepAliveDuringRevokeMs: ({ sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS }) => sessionTimeoutMs / 4,
      transactions: true,
    };
  }

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
