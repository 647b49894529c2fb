import { KafkaWorkerError, type DriverProducer, type OutgoingRecord, type RecordMetadata } from '@kafka-worker/engine';
import { KafkajsAdmin } from '../admin/admin.js';
import { registerOptionalCodecs } from '../codecs/register.js';
import type { KafkajsDriverOptions } from '../options.js';
import { Delivery } from './delivery.js';
import { PartitionCounts } from './partition-counts.js';
import { PartitionQueue, outgoingBytes } from './partition-queue.js';
import { Partitioner } from './partitioner.js';
import { RequestClient } from './request-client.js';

/**
 * Sends records: idempotent, acknowledged by all in-sync replicas, one partition per request. Records of one
 * partition keep the order of the calls; those of one turn of the event loop share a request, and so do those that
 * gather while one is under way.
 */
export class KafkajsProducer implements DriverProducer {
  private readonly admin: KafkajsAdmin;
  private readonly client: RequestClient;
  private readonly counts: PartitionCounts;
  private readonly partitioner = new Partitioner();
  /** By topic, then partition. */
  private readonly queues = new Map<string, Map<number, PartitionQueue>>();
  /** Calls that wait for a partition count stand here, and so does everything behind them. Never rejects. */
  private placing: Promise<void> = Promise.resolve();
  private placingCalls = 0;
  private closed: Promise<void> | undefined;

  constructor(driver: KafkajsDriverOptions) {
    this.admin = new KafkajsAdmin(driver);
    this.client = new RequestClient(driver);
    this.counts = new PartitionCounts(this.admin);
  }

  async connect(): Promise<void> {
    registerOptionalCodecs();
    // One after the other: where no broker is there at all, the admin says so in a few seconds.
    await this.admin.connect();
    await this.client.connect();
  }

  async send(records: readonly OutgoingRecord[]): Promise<RecordMetadata[]> {
    if (this.closed) throw new KafkaWorkerError('NOT_RUNNING', 'the producer is closed');
    const delivery = new Delivery(records.length);
    if (this.placingCalls === 0 && records.every(({ topic }) => this.counts.known(topic) !== undefined)) {
      this.place(records, delivery);
    } else {
      this.placingCalls++;
      this.placing = this.placing.then(() => this.placeUnknown(records, delivery)).finally(() => this.placingCalls--);
    }
    return delivery.promise;
  }

  close(): Promise<void> {
    this.closed ??= this.drain();
    return this.closed;
  }

  private async drain(): Promise<void> {
    await this.placing;
    const queues = [...this.queues.values()].flatMap((partitions) => [...partitions.values()]);
    await Promise.all(queues.map((queue) => queue.whenIdle()));
    await Promise.all([this.client.close(), this.admin.close()]);
  }

  private async placeUnknown(records: readonly OutgoingRecord[], delivery: Delivery): Promise<void> {
    const unknown = new Set(records.map(({ topic }) => topic).filter((topic) => !this.counts.known(topic)));
    try {
      await Promise.all([...unknown].map((topic) => this.counts.load(topic)));
    } catch (error) {
      // All or nothing: of a call that names a topic that does not exist nothing is sent.
      for (const { topic } of records) delivery.failed(notSent(topic, error));
      return;
    }
    this.place(records, delivery);
  }

  private place(records: readonly OutgoingRecord[], delivery: Delivery): void {
    records.forEach((record, index) => {
      const partition = this.partitioner.choose(record, this.counts.count(record.topic));
      this.queue(record.topic, partition).add({ record, bytes: outgoingBytes(record), delivery, index });
    });
  }

  private queue(topic: string, partition: number): PartitionQueue {
    let partitions = this.queues.get(topic);
    if (!partitions) this.queues.set(topic, (partitions = new Map<number, PartitionQueue>()));
    let queue = partitions.get(partition);
    if (!queue) partitions.set(partition, (queue = new PartitionQueue(topic, partition, this.request)));
    return queue;
  }

  private readonly request = async (
    topic: string,
    partition: number,
    records: readonly OutgoingRecord[],
  ): Promise<number> => {
    try {
      return await this.client.send(topic, partition, records);
    } catch (error) {
      this.counts.doubt(topic);
      throw error;
    }
  };
}

function notSent(topic: string, cause: unknown): KafkaWorkerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new KafkaWorkerError('SEND_FAILED', `nothing sent to ${topic}: ${reason}`, { cause });
}
