import { type DriverProducer, KafkaWorkerError, type OutgoingRecord, type RecordMetadata } from '@kafka-worker/engine';
import type { ClusterCore } from '../cluster-core.js';
import { appendAll } from '../log/append.js';
import { Partitioner } from '../log/partitioner.js';
import { Connection } from './connection.js';

/** A producer of the in-memory cluster. One `send` is written as a whole or not at all. */
export class InMemoryProducer implements DriverProducer {
  readonly #partitioner = new Partitioner();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #connection: Connection;
  #state: 'made' | 'open' | 'closed' = 'made';

  constructor(
    private readonly core: ClusterCore,
    clientId: string,
  ) {
    this.#connection = new Connection(core.nameClient(clientId, 'producer'), core.scheduler);
  }

  async connect(): Promise<void> {
    await this.#connection.request(() => undefined);
    if (this.#state === 'made') this.#state = 'open';
  }

  /** Rejects with `SEND_FAILED`, whose `canRetry` is false where a topic or partition does not exist, or `NOT_RUNNING`. */
  send(records: readonly OutgoingRecord[]): Promise<RecordMetadata[]> {
    if (this.#state === 'closed') return Promise.reject(new KafkaWorkerError('NOT_RUNNING', 'the producer is closed'));
    if (this.#state === 'made')
      return Promise.reject(new KafkaWorkerError('SEND_FAILED', 'the producer is not connected'));
    const sent = this.#connection.request(() => this.#write(records));
    this.#underWay.add(sent);
    const done = (): void => {
      this.#underWay.delete(sent);
    };
    sent.then(done, done);
    return sent;
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    await Promise.allSettled(this.#underWay);
  }

  async #write(records: readonly OutgoingRecord[]): Promise<RecordMetadata[]> {
    const { core } = this;
    const fault = core.faults.takeProduce(records);
    if (fault?.delayMs) await core.scheduler.sleep(fault.delayMs);
    if (fault?.fails && !fault.answerLost) throw failure('the cluster refused what was sent (fault)', true);
    let written: RecordMetadata[];
    try {
      if (core.options.autoCreateTopics) for (const { topic } of records) core.topics.create(topic);
      written = appendAll(core.topics, this.#partitioner, records, core.scheduler.clock.now());
    } catch (cause) {
      throw failure(cause instanceof Error ? cause.message : String(cause), false, cause);
    }
    if (fault?.answerLost) throw failure('the acknowledgement was lost (fault)', true);
    return written;
  }
}

function failure(message: string, canRetry: boolean, cause?: unknown): KafkaWorkerError {
  return new KafkaWorkerError('SEND_FAILED', message, { canRetry, ...(cause === undefined ? {} : { cause }) });
}
