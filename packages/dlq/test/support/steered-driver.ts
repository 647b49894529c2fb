import {
  KafkaWorkerError,
  type DriverConsumer,
  type DriverProducer,
  type KafkaDriver,
  type OffsetCommit,
  type OutgoingRecord,
} from '@kafka-worker/engine';

/** What a test puts in the way of a driver. Each is asked before the driver is; a promise holds the call up. */
export interface Steering {
  /** Before a record is sent. A throw is what the caller gets. */
  readonly beforeSend?: (record: OutgoingRecord) => Promise<void> | void;
  /** After a record was written, before the caller learns of it. */
  readonly afterSend?: (record: OutgoingRecord) => Promise<void> | void;
  readonly beforeCommit?: (offsets: readonly OffsetCommit[]) => Promise<void> | void;
  /** Before it is looked up whether topics exist. */
  readonly beforePartitions?: (topics: readonly string[]) => Promise<void> | void;
  readonly made?: (consumer: DriverConsumer) => void;
}

/** A driver whose sends and commits go through the hands of a test. */
export function steered(driver: KafkaDriver, steering: Steering): KafkaDriver {
  return {
    name: driver.name,
    capabilities: driver.capabilities,
    createAdmin: () => {
      const admin = driver.createAdmin();
      const partitions = admin.partitions.bind(admin);
      admin.partitions = async (topics) => {
        await steering.beforePartitions?.(topics);
        return partitions(topics);
      };
      return admin;
    },
    createConsumer: (options) => {
      const consumer = driver.createConsumer(options);
      steering.made?.(consumer);
      const commit = consumer.commit.bind(consumer);
      consumer.commit = async (offsets) => {
        await steering.beforeCommit?.(offsets);
        await commit(offsets);
      };
      return consumer;
    },
    createProducer: (): DriverProducer => {
      const producer = driver.createProducer();
      return {
        connect: () => producer.connect(),
        close: () => producer.close(),
        send: async (records) => {
          for (const record of records) await steering.beforeSend?.(record);
          const sent = await producer.send(records);
          for (const record of records) await steering.afterSend?.(record);
          return sent;
        },
      };
    },
  };
}

/** What a driver answers where the broker refuses a record for good. */
export function refusal(): KafkaWorkerError {
  return new KafkaWorkerError('SEND_FAILED', 'the record is too large', { canRetry: false });
}

/** Never settles: what a process that was killed still waits for. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}
