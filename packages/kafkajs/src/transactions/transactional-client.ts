import type { DriverTransaction, OffsetCommit, OutgoingRecord } from '@kafka-worker/engine';
import type { Producer, Transaction } from 'kafkajs';
import { createClient, OUTAGE_RETRY } from '../client.js';
import { compressionType } from '../codecs/compression.js';
import type { KafkajsDriverOptions } from '../options.js';
import { Delivery } from '../producer/delivery.js';
import { toMessage } from '../producer/message.js';
import { outgoingBytes, PartitionQueue } from '../producer/partition-queue.js';
import { transactionalConfig } from '../producer/producer-config.js';
import { MAX_RECORDS } from '../producer/refusals.js';
import type { Sockets } from '../sockets.js';
import type { PlacedRecords } from './placement.js';
import { isFenced, isPassing, toAbortReason } from './transaction-errors.js';

/** How long offsets are sent again that a coordinator refuses for the moment. Milliseconds. */
const OFFSETS_PATIENCE_MS = 15_000;
/** The first pause of those, doubled each time up to the longest. Milliseconds. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;

/** What writing the parts of a transaction came to. */
export interface Written {
  /** The first failure that counts; undefined: all of it is there. */
  readonly failure: unknown;
  /** True where for every request it is known what the broker made of it. */
  readonly certain: boolean;
}

/** A kafkajs producer from the moment it takes the transactional id over until something happens that it cannot go on after. */
export class TransactionalClient {
  private readonly producer: Producer;
  private readonly sockets: Sockets;
  private sent = 0;

  constructor(
    private readonly driver: KafkajsDriverOptions,
    transactionalId: string,
  ) {
    // Also what an InitProducerId is repeated by that has to wait for the end of a transaction.
    const { kafka, sockets } = createClient(driver, { ...OUTAGE_RETRY, initialRetryTime: 10, retries: 35 });
    this.producer = kafka.producer(transactionalConfig(driver, transactionalId));
    this.sockets = sockets;
  }

  /** True where its sequence numbers may run out in the next transaction. */
  get worn(): boolean {
    return this.sent > MAX_RECORDS;
  }

  /**
   * Takes the id over at the broker, which answers when nothing of a former owner is under way. Rejects with what
   * kafkajs gives.
   */
  async open(): Promise<void> {
    await this.producer.connect();
    // kafkajs asks for the producer id with its first transaction. One in which nothing was sent ends without a request.
    await (await this.producer.transaction()).abort();
  }

  begin(): Promise<Transaction> {
    return this.producer.transaction();
  }

  /** All records and offsets; settles when no request is under way any more. Never rejects. */
  async write(
    transaction: Transaction,
    parts: readonly PlacedRecords[],
    { groupId, offsets }: DriverTransaction,
  ): Promise<Written> {
    const failures: unknown[] = [];
    await Promise.all(parts.map((part) => this.writePart(transaction, part, failures)));
    if (failures.length === 0) {
      try {
        await writeOffsets(transaction, groupId, offsets);
      } catch (error) {
        failures.push(error);
      }
    }
    const reasons = failures.map(toAbortReason);
    return { failure: failures.find(isFenced) ?? failures[0], certain: !reasons.includes(undefined) };
  }

  /** Closes its connections, also where requests are under way. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.producer.disconnect();
    } catch {
      // Closed is closed.
    } finally {
      this.sockets.close();
    }
  }

  /** As {@link close}, without waiting for answers. */
  cut(): Promise<void> {
    this.sockets.close();
    return this.close();
  }

  /** One partition per request, for the reason that `RequestClient` gives; several where there are many records. */
  private async writePart(transaction: Transaction, part: PlacedRecords, failures: unknown[]): Promise<void> {
    const queue = new PartitionQueue(part.topic, part.partition, async (topic, partition, records) => {
      // What is behind a request that failed is not wanted any more.
      if (failures.length === 0) {
        try {
          return await this.request(transaction, topic, partition, records);
        } catch (error) {
          failures.push(error);
        }
      }
      throw failures[0];
    });
    const delivery = new Delivery(part.records.length);
    part.records.forEach((record, index) => queue.add({ record, bytes: outgoingBytes(record), delivery, index }));
    await delivery.promise.catch(() => undefined);
  }

  private async request(
    transaction: Transaction,
    topic: string,
    partition: number,
    records: readonly OutgoingRecord[],
  ): Promise<number> {
    const [answer, ...others] = await transaction.send({
      topic,
      acks: -1,
      compression: compressionType(this.driver.producer?.compression ?? 'none'),
      messages: records.map((record) => toMessage(record, partition)),
    });
    if (answer?.topicName !== topic || answer.partition !== partition || answer.errorCode !== 0 || others.length > 0) {
      throw new Error(`the broker did not acknowledge ${records.length} record(s) for ${topic}/${partition}`);
    }
    this.sent += records.length;
    return Number(answer.baseOffset ?? -1);
  }
}

/** kafkajs does not repeat what adds offsets to a transaction, nor what a coordinator on the move refuses. */
async function writeOffsets(
  transaction: Transaction,
  groupId: string,
  offsets: readonly OffsetCommit[],
): Promise<void> {
  if (offsets.length === 0) return;
  const topics = [...new Set(offsets.map(({ topic }) => topic))].map((topic) => ({
    topic,
    // Metadata is in no type of kafkajs, but in the request that it sends.
    partitions: offsets
      .filter((offset) => offset.topic === topic)
      .map(({ partition, offset, metadata }) => ({ partition, offset: String(offset), metadata })),
  }));
  const until = Date.now() + OFFSETS_PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await transaction.sendOffsets({ consumerGroupId: groupId, topics });
    } catch (error) {
      if (!isPassing(error) || Date.now() >= until) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
