import type { DriverProducer, KafkaDriver, OutgoingRecord, RecordMetadata } from '../driver/driver.js';
import { KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { ForwardSite } from './forwarder.js';

/** The producer of dead letters and of records for retry topics: one for the whole engine. */
export class ForwardProducer implements ForwardSite {
  #producer: DriverProducer | undefined;

  /** @param counts partitions by topic */
  constructor(
    readonly driver: Pick<KafkaDriver, 'createProducer'>,
    readonly counts: ReadonlyMap<string, number>,
  ) {}

  /** @throws KafkaWorkerError CONNECTION */
  async connect(): Promise<void> {
    this.#producer = this.driver.createProducer();
    await this.#producer.connect();
  }

  send(records: readonly OutgoingRecord[]): Promise<readonly RecordMetadata[]> {
    if (this.#producer !== undefined) return this.#producer.send(records);
    return Promise.reject(new KafkaWorkerError('NOT_RUNNING', 'no worker was to send copies'));
  }

  partitions(topic: string): number {
    return this.counts.get(topic) ?? 0;
  }

  /** Never rejects. */
  async close(): Promise<void> {
    await this.#producer?.close().catch(() => {});
  }
}
