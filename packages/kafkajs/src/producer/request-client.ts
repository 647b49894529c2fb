import { KafkaWorkerError, ensureError, type OutgoingRecord } from '@kafka-worker/engine';
import type { Producer } from 'kafkajs';
import { createClient, OUTAGE_RETRY } from '../client.js';
import { compressionType } from '../codecs/compression.js';
import { brokerErrorType } from '../errors/broker-error.js';
import { connectionError } from '../errors/connection-error.js';
import type { KafkajsDriverOptions } from '../options.js';
import type { Sockets } from '../sockets.js';
import { toMessage } from './message.js';
import { producerConfig } from './producer-config.js';
import { MAX_RECORDS, REFUSED } from './refusals.js';

interface Incarnation {
  readonly producer: Producer;
  readonly sockets: Sockets;
  readonly connected: Promise<void>;
  sent: number;
  underWay: number;
  retired: boolean;
}

/**
 * Sends requests of one partition each through kafkajs' idempotent producer, and renews that producer where it must
 * not go on.
 *
 * One partition per request: a kafkajs request that spans leaders counts as answered by a broker even when the
 * answer was for partitions that have moved since, and reports records as sent that no broker has.
 *
 * Renewed: after a request whose outcome is not known kafkajs gives the same sequence numbers to the next records.
 * If the broker has the first ones after all, it takes the next for their repetition and acknowledges them without
 * writing them. A new producer id starts its sequences at 0 everywhere, so nothing can be mistaken.
 */
export class RequestClient {
  private current: Incarnation | undefined;
  private readonly retiring = new Set<Promise<void>>();
  private closed = false;

  constructor(private readonly driver: KafkajsDriverOptions) {}

  async connect(): Promise<void> {
    const incarnation = this.incarnation();
    try {
      await incarnation.connected;
    } catch (error) {
      if (this.current === incarnation) this.current = undefined;
      throw connectionError(error);
    }
  }

  /** The offset of the first record. Throws SEND_FAILED. */
  async send(topic: string, partition: number, records: readonly OutgoingRecord[]): Promise<number> {
    const incarnation = this.incarnation();
    incarnation.underWay++;
    try {
      await incarnation.connected;
      const [answer, ...others] = await incarnation.producer.send({
        topic,
        acks: -1,
        compression: compressionType(this.driver.producer?.compression ?? 'none'),
        messages: records.map((record) => toMessage(record, partition)),
      });
      if (
        answer?.topicName !== topic ||
        answer.partition !== partition ||
        answer.errorCode !== 0 ||
        others.length > 0
      ) {
        throw new Error('the broker did not acknowledge it');
      }
      incarnation.sent += records.length;
      if (incarnation.sent > MAX_RECORDS) this.retire(incarnation);
      return Number(answer.baseOffset ?? -1);
    } catch (error) {
      if (!REFUSED.has(brokerErrorType(error) ?? '')) this.retire(incarnation);
      throw sendFailed(topic, partition, records.length, error);
    } finally {
      incarnation.underWay--;
      this.dispose(incarnation);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.current) this.retire(this.current);
    await Promise.all(this.retiring);
  }

  private incarnation(): Incarnation {
    if (this.closed) throw new KafkaWorkerError('NOT_RUNNING', 'the producer is closed');
    if (!this.current) {
      const { kafka, sockets } = createClient(this.driver, OUTAGE_RETRY);
      const producer = kafka.producer(producerConfig(this.driver));
      const connected = producer.connect();
      connected.catch(() => undefined); // whoever sends first is told
      this.current = { producer, sockets, connected, sent: 0, underWay: 0, retired: false };
    }
    return this.current;
  }

  private retire(incarnation: Incarnation): void {
    incarnation.retired = true;
    if (this.current === incarnation) this.current = undefined;
    this.dispose(incarnation);
  }

  /** Requests of other partitions may still be under way on a retired producer. The last one closes it. */
  private dispose(incarnation: Incarnation): void {
    if (!incarnation.retired || incarnation.underWay > 0) return;
    const disconnected = incarnation.connected
      .catch(() => undefined)
      .then(() => incarnation.producer.disconnect())
      .catch(() => undefined)
      .then(() => incarnation.sockets.close())
      .finally(() => this.retiring.delete(disconnected));
    this.retiring.add(disconnected);
  }
}

function sendFailed(topic: string, partition: number, count: number, thrown: unknown): KafkaWorkerError {
  const error = ensureError(thrown);
  const type = brokerErrorType(error);
  return new KafkaWorkerError(
    'SEND_FAILED',
    `${count} record(s) for ${topic}/${partition} not acknowledged: ${type ? `${type}, ` : ''}${error.message}`,
    { cause: error, canRetry: !REFUSED.has(type ?? '') },
  );
}
