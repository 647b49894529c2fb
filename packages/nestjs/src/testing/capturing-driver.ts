import type { DriverProducer, KafkaDriver, OutgoingRecord, RecordMetadata } from '@kafka-worker/engine';

/** Told of what a driver's producers do. */
export interface Capture {
  /** The cluster has acknowledged these. */
  sent(records: readonly RecordMetadata[]): void;
  /** Something that may need time to pass although nobody waits for a record. */
  ending(closed: Promise<void>): Promise<void>;
}

/** A driver whose producers tell what they have sent. */
export function capturingDriver(driver: KafkaDriver, capture: Capture): KafkaDriver {
  return { ...driver, createProducer: () => capturingProducer(driver.createProducer(), capture) };
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
