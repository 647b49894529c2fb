import {
  ensureError,
  KafkaWorkerError,
  type DriverProducer,
  type KafkaDriver,
  type RecordMetadata,
  type WorkerInstrumentation,
} from '@kafka-worker/engine';
import { toOutgoingList, type KafkaWorkerRecord } from './outgoing.js';

/**
 * Sends records through the connection's client. What it reports as sent, the broker has acknowledged, every record of
 * it. Connects on first use; stays open while handlers drain and closes after the other providers' shutdown hooks.
 */
export class KafkaWorkerProducer {
  readonly #driver: () => Promise<KafkaDriver>;
  readonly #instrumentation: WorkerInstrumentation | undefined;
  #connected: Promise<DriverProducer> | undefined;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(driver: () => Promise<KafkaDriver>, instrumentation?: WorkerInstrumentation) {
    this.#driver = driver;
    this.#instrumentation = instrumentation;
  }

  /** Connects now instead of with the first `send`. */
  async connect(): Promise<void> {
    await this.#open();
  }

  /**
   * Sends a record, or several. Resolves with where each stands, in the order given, when all in-sync replicas have them.
   * @throws KafkaWorkerError SEND_FAILED, CONNECTION; NOT_RUNNING after the application has shut down.
   */
  async send<T = unknown>(records: KafkaWorkerRecord<T> | readonly KafkaWorkerRecord<T>[]): Promise<RecordMetadata[]> {
    const outgoing = toOutgoingList(records);
    if (outgoing.length === 0) return [];
    const scope = this.#instrumentation?.sending?.(outgoing, undefined);
    if (scope === undefined) return (await this.#open()).send(outgoing);
    try {
      const sent = await (await this.#open()).send(scope.records);
      scope.ended(undefined);
      return sent;
    } catch (thrown) {
      scope.ended(ensureError(thrown));
      throw thrown;
    }
  }

  /** Waits for what was sent and closes. Idempotent, never rejects. @internal */
  close(): Promise<void> {
    return (this.#closed ??= this.#shut());
  }

  #open(): Promise<DriverProducer> {
    if (this.#closed) return Promise.reject(new KafkaWorkerError('NOT_RUNNING', 'the producer has been closed'));
    return (this.#connected ??= this.#connect());
  }

  async #connect(): Promise<DriverProducer> {
    try {
      const producer = (await this.#driver()).createProducer();
      await producer.connect();
      return producer;
    } catch (error) {
      this.#connected = undefined; // the next send tries again
      throw error;
    }
  }

  async #shut(): Promise<void> {
    try {
      await (await this.#connected)?.close();
    } catch {
      // nothing was connected, or it is gone already
    }
  }
}
