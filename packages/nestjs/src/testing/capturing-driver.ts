import {
  KafkaWorkerError,
  type DriverProducer,
  type DriverTransaction,
  type DriverTransactionalProducer,
  type KafkaDriver,
  type OutgoingRecord,
  type RecordMetadata,
} from '@kafka-worker/engine';

/** Told of what a driver's producers do. */
export interface Capture {
  /** The cluster has acknowledged these. */
  sent(records: readonly RecordMetadata[]): void;
  /** This is about to be sent. @returns what is called when it is over and may have been committed. */
  transacting(transaction: DriverTransaction): () => void;
  /** Something that may need time to pass although nobody waits for a record. */
  ending(closed: Promise<void>): Promise<void>;
}

/** A driver whose producers tell what they have sent. */
export function capturingDriver(driver: KafkaDriver, capture: Capture): KafkaDriver {
  const { createTransactionalProducer } = driver;
  return {
    ...driver,
    createProducer: () => capturingProducer(driver.createProducer(), capture),
    ...(createTransactionalProducer && {
      createTransactionalProducer: (id: string) =>
        capturingTransactions(createTransactionalProducer.call(driver, id), capture),
    }),
  };
}

function capturingProducer(producer: DriverProducer, capture: Capture): DriverProducer {
  return {
    connect: () => producer.connect(),
    async send(records: readonly OutgoingRecord[]): Promise<RecordMetadata[]> {
      const written = await producer.send(records);
      capture.sent(written);
      return written;
    },
    close: () => capture.ending(producer.close()),
  };
}

function capturingTransactions(producer: DriverTransactionalProducer, capture: Capture): DriverTransactionalProducer {
  /** Of the last transaction, while nobody knows what it came to. */
  let inDoubt: (() => void) | undefined;
  return {
    async open(): Promise<void> {
      await producer.open();
      inDoubt?.();
      inDoubt = undefined;
    },
    async transact(transaction: DriverTransaction): Promise<void> {
      const committed = capture.transacting(transaction);
      try {
        await producer.transact(transaction);
      } catch (error) {
        if (KafkaWorkerError.is(error) && error.code === 'TRANSACTION_IN_DOUBT') inDoubt = committed;
        throw error;
      }
      committed();
    },
    close: () => capture.ending(producer.close()),
  };
}
