import {
  ensureError,
  KafkaWorkerError,
  type Delivery,
  type DeliveryGuarantee,
  type KafkaRecord,
  type RecordOrigin,
  type WorkerInstrumentation,
} from '@kafka-worker/engine';
import { BaseRpcContext } from '@nestjs/microservices';
import type { KafkaWorkerProducer } from '../producer/kafka-worker.producer.js';
import { toOutgoingList, type KafkaWorkerRecord } from '../producer/outgoing.js';
import type { KafkaWorkerRuntime } from '../runtime/kafka-worker.runtime.js';
import { toKafkaMessage, type KafkaWorkerMessage } from './kafka-message.js';

const BRAND = Symbol.for('kafka-worker.context');
const NO_ARGS: unknown[] = [];
const heartbeat = (): Promise<void> => Promise.resolve();

/** What the contexts of one worker have in common. @internal */
export interface ContextSource {
  readonly runtime: KafkaWorkerRuntime;
  readonly producer: KafkaWorkerProducer;
  /** Adds to what is sent in a transaction; undefined in tests of the context alone. */
  readonly instrumentation?: WorkerInstrumentation;
  /** The worker's `delivery`. */
  readonly guarantee: DeliveryGuarantee | undefined;
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

  /** Where the record stands: a retry topic, where it came through one. {@link getOrigin} says where it stood first. */
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

  /**
   * The connection's producer, the one `@InjectKafkaProducer()` injects. What it sends is sent at once and for good: with
   * `transactional()` it is no part of the transaction, and an attempt that fails has sent it all the same. See {@link send}.
   */
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

  /**
   * From when the record was taken until its handler was started first: in its lane, and for a slot. Milliseconds;
   * undefined where it was started before under this assignment.
   */
  getQueuedMs(): number | undefined {
    return this.#delivery.queuedMs;
  }

  /** Id of the worker: `Class#method`. */
  getWorker(): string {
    return this.#delivery.worker;
  }

  getGroupId(): string {
    return this.#delivery.groupId;
  }

  /**
   * With `delivery: exactlyOnce(store)`: the store's transaction, in which the record's offset is written too. It is the
   * store's to commit and to roll back. `T`: what the store is made for (a client, a query builder, …).
   * @throws KafkaWorkerError NOT_TRANSACTIONAL with any other guarantee, NOT_RUNNING once the attempt is over.
   */
  getTransaction<T>(): T {
    const { transaction, worker } = this.#delivery;
    if (transaction !== undefined) return transaction as T;
    const { guarantee } = this.#source;
    if (typeof guarantee === 'object' && guarantee.type === 'exactly-once') {
      throw new KafkaWorkerError('NOT_RUNNING', `${worker}: the attempt is over, and its transaction with it`);
    }
    throw new KafkaWorkerError('NOT_TRANSACTIONAL', `${worker}: getTransaction() needs delivery: exactlyOnce(store)`);
  }

  /**
   * With `delivery: transactional()`: sends these records in the transaction that commits this one, once the handler has
   * settled without an error; encoded as by `KafkaWorkerProducer`. What a failed attempt sent is dropped, so there is
   * nothing to wait for here.
   * @throws KafkaWorkerError NOT_TRANSACTIONAL with any other guarantee.
   */
  send<T = unknown>(records: KafkaWorkerRecord<T> | readonly KafkaWorkerRecord<T>[]): void {
    const outgoing = toOutgoingList(records);
    const scope = this.#source.instrumentation?.sending?.(outgoing, undefined);
    try {
      this.#delivery.send(scope?.records ?? outgoing);
    } catch (thrown) {
      scope?.ended(ensureError(thrown));
      throw thrown;
    }
    scope?.ended(undefined);
  }

  /**
   * Where the record stood before it went through `retryTopics`, when it failed first and how many attempts were made
   * until this delivery; undefined where it comes from its own topic.
   */
  getOrigin(): RecordOrigin | undefined {
    return this.#delivery.origin;
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
   * The record counts as done for the log from now on: commits it with what else is settled in the partition. A failure
   * after that is still retried and goes to `onFailure`, in this process only.
   * @throws CommitError when the broker does not acknowledge it; KafkaWorkerError NOT_TRANSACTIONAL where offsets are
   * part of a transaction, or with `commit: 'none'`.
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
