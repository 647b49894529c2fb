import type { Delivery, KafkaRecord } from '@kafka-worker/engine';
import { BaseRpcContext } from '@nestjs/microservices';
import type { KafkaWorkerProducer } from '../producer/kafka-worker.producer.js';
import type { KafkaWorkerRuntime } from '../runtime/kafka-worker.runtime.js';
import { toKafkaMessage, type KafkaWorkerMessage } from './kafka-message.js';

const BRAND = Symbol.for('kafka-worker.context');
const NO_ARGS: unknown[] = [];
const heartbeat = (): Promise<void> => Promise.resolve();

/** What the contexts of one worker have in common. @internal */
export interface ContextSource {
  readonly runtime: KafkaWorkerRuntime;
  readonly producer: KafkaWorkerProducer;
  /** The global filters that apply to its handler; undefined where Nest gives it none. */
  readonly globalFilters: (() => readonly object[]) | undefined;
}

/**
 * What `@Ctx()` gives a worker: one attempt at one record. The getters of Nest's `KafkaContext` have the same names.
 * Made anew for every attempt, so it has no place for state between them.
 */
export class KafkaWorkerContext extends BaseRpcContext<unknown[]> {
  readonly #delivery: Delivery;
  readonly #payload: unknown;
  readonly #source: ContextSource;
  readonly #attempt: number;
  #message: KafkaWorkerMessage | undefined;

  /** @internal */
  constructor(delivery: Delivery, payload: unknown, source: ContextSource) {
    super(NO_ARGS);
    this.#delivery = delivery;
    this.#payload = payload;
    this.#attempt = delivery.attempt; // the engine counts on in the same delivery
    this.#source = source;
  }

  /** @internal */
  static globalFilters(context: KafkaWorkerContext): readonly object[] {
    return context.#source.globalFilters?.() ?? [];
  }

  /** What Nest's `KafkaContext` holds, in its order: message, partition, topic, consumer, heartbeat, producer. */
  override getArgs(): unknown[] {
    return [
      this.getMessage(),
      this.getPartition(),
      this.getTopic(),
      this.getConsumer(),
      this.getHeartbeat(),
      this.getProducer(),
    ];
  }

  override getArgByIndex<T = unknown>(index: number): T {
    return this.getArgs()[index] as T;
  }

  /** The record as kafkajs' message, decoded; `offset` and `timestamp` are texts, `value` is the payload. Made on first use. */
  getMessage(): KafkaWorkerMessage {
    return (this.#message ??= toKafkaMessage(this.#delivery.record, this.#payload));
  }

  getTopic(): string {
    return this.#delivery.record.topic;
  }

  getPartition(): number {
    return this.#delivery.record.partition;
  }

  /**
   * The connection's runtime, where Nest gives the client's consumer: `pause`, `resume`, `seek` are there. It has no
   * `commitOffsets`: a commit that passes an unsettled record would lose it. See {@link commit}.
   */
  getConsumer(): KafkaWorkerRuntime {
    return this.#source.runtime;
  }

  /** A function that does nothing: heartbeats go on by themselves while handlers run, for minutes if need be. */
  getHeartbeat(): () => Promise<void> {
    return heartbeat;
  }

  /** The connection's producer, the one `@InjectKafkaProducer()` injects. */
  getProducer(): KafkaWorkerProducer {
    return this.#source.producer;
  }

  /** The record key as text, null where the record has none. For bytes: `getRecord().key`. */
  getKey(): string | null {
    return this.#delivery.record.key?.toString() ?? null;
  }

  /** The record's offset. */
  getOffset(): number {
    return this.#delivery.record.offset;
  }

  /** 1 for the first attempt under this assignment. */
  getAttempt(): number {
    return this.#attempt;
  }

  /**
   * Aborts when the result will not count any more: the partition goes, the process ends, `timeoutMs` is over.
   * `signal.reason.cause` says which. Hand it to what takes a signal (fetch, database drivers).
   */
  getSignal(): AbortSignal {
    return this.#delivery.signal;
  }

  /** Id of the worker: `Class#method`. */
  getWorker(): string {
    return this.#delivery.worker;
  }

  getGroupId(): string {
    return this.#delivery.groupId;
  }

  /** The record as the client delivered it: bytes, nothing decoded. */
  getRecord(): KafkaRecord {
    return this.#delivery.record;
  }

  /** One past the last record of the partition that could be read when this one was fetched. */
  getHighWatermark(): number {
    return this.#delivery.highWatermark;
  }

  /**
   * Commits what is settled in the partition now. This record is not among it while its handler runs.
   * @throws CommitError when the broker does not acknowledge it.
   */
  commit(): Promise<void> {
    return this.#delivery.commit();
  }
}

Object.defineProperty(KafkaWorkerContext.prototype, BRAND, { value: true });

/**
 * True for the context of a worker. For guards, interceptors, pipes and filters that also see HTTP or other transports:
 * `isKafkaWorkerContext(host.switchToRpc().getContext())`. Works across two copies of the package.
 */
export function isKafkaWorkerContext(value: unknown): value is KafkaWorkerContext {
  return typeof value === 'object' && value !== null && BRAND in value;
}
