import {
  type DriverTransaction,
  type DriverTransactionalProducer,
  KafkaWorkerError,
  type OffsetCommit,
  type OutgoingRecord,
  partitionKey,
  type TimerHandle,
} from '@kafka-worker/engine';
import type { ClusterCore } from '../cluster-core.js';
import { isAway } from '../group/group-error.js';
import { Partitioner } from '../log/partitioner.js';
import { fenced, inDoubt, isFenced, toAbortReason } from '../transactions/refusals.js';
import { Connection, type DroppedOnTheWay } from './connection.js';
import { RETRY_MS } from './membership.js';
import { Turns } from './turns.js';

/** How often an abort is sent where connections drop, before the transaction counts as in doubt. */
const ABORT_ATTEMPTS = 3;

/**
 * made      not opened yet
 * open      has the transactional id, as far as it knows
 * in doubt  what the last transaction came to is not known; only `open` leads out
 * fenced    another producer has the id, for good
 * closed    for good
 */
type ProducerState = 'made' | 'open' | 'in doubt' | 'fenced' | 'closed';

/**
 * A transactional producer of the in-memory cluster. Each step of a transaction is a request of its own: the topics,
 * each partition's records, the offsets, the end.
 */
export class InMemoryTransactionalProducer implements DriverTransactionalProducer {
  readonly #partitioner = new Partitioner();
  readonly #connection: Connection;
  readonly #turns = new Turns();
  #state: ProducerState = 'made';
  #epoch = -1;
  /** Of the last transaction, within the epoch. */
  #number = 0;
  /** Set while the connection is down. */
  #reconnection: TimerHandle | undefined;
  #close: Promise<void> | undefined;

  constructor(
    private readonly core: ClusterCore,
    clientId: string,
    readonly transactionalId: string,
  ) {
    this.#connection = new Connection(core.nameClient(clientId, 'producer'), core.scheduler);
  }

  /** Rejects with `CONNECTION`; also with `NOT_RUNNING` after `close`, and `TRANSACTION_FENCED` once it was fenced. */
  open(): Promise<void> {
    if (this.#close) return Promise.reject(this.#closed());
    this.core.producers.add(this);
    return this.#turns.take(async () => {
      if (this.#state === 'fenced') throw fenced(this.transactionalId);
      this.#epoch = await this.#connection.request(() => this.#id.init());
      this.#number = 0;
      this.#state = 'open';
    });
  }

  /** One at a time: a call waits for those before it. Rejects with `NOT_RUNNING` before `open` and after `close`. */
  transact(transaction: DriverTransaction): Promise<void> {
    if (this.#close) return Promise.reject(this.#closed());
    return this.#turns.take(() => this.#transact(transaction));
  }

  close(): Promise<void> {
    this.#close ??= this.#turns.over().then(() => this.#end());
    return this.#close;
  }

  /** As `kill -9`: what is open stays so until somebody takes the id over, or its time is up. */
  crash(): void {
    this.#connection.cut();
    this.#end();
  }

  /** As a process that is stopped (SIGSTOP) or cut off: requests wait. */
  suspend(): void {
    this.#connection.suspend();
  }

  /** Ends `suspend`. */
  wake(): void {
    this.#connection.wake();
  }

  /** The connection drops; the client opens another by itself `reconnectAfterMs` later. */
  dropConnection(lost: DroppedOnTheWay, reconnectAfterMs: number): void {
    const { scheduler } = this.core;
    this.#connection.drop(lost);
    if (this.#reconnection !== undefined) scheduler.clearTimer(this.#reconnection);
    this.#reconnection = scheduler.setTimer(() => this.#connection.reconnect(), reconnectAfterMs);
  }

  get #id() {
    return this.core.transactions.of(this.transactionalId);
  }

  async #transact({ records, groupId, offsets }: DriverTransaction): Promise<void> {
    this.#check();
    const fault = this.core.faults.takeTransaction(this.transactionalId);
    const number = ++this.#number;
    try {
      await this.#write(number, records);
      await this.#writeOffsets(number, groupId, offsets);
      if (fault?.refused) throw new Error('refused on demand (fault)');
    } catch (cause) {
      await this.#abort(number, cause);
      throw toAbortReason(cause);
    }
    if (fault?.lost === 'request') throw this.#doubt(new Error('the commit was lost (fault)'));
    try {
      await this.#connection.request(async () => {
        if (fault?.commitDelayMs) await this.core.scheduler.sleep(fault.commitDelayMs);
        this.#id.end(this.#epoch, number, 'committed');
      });
    } catch (cause) {
      throw isFenced(cause) ? this.#fence(cause) : this.#doubt(cause);
    }
    if (fault?.lost === 'answer') throw this.#doubt(new Error('the answer to the commit was lost (fault)'));
  }

  /** Topics first, so that nothing is begun where one is missing; then one request per partition, all under way at once. */
  async #write(number: number, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    const parts = await this.#connection.request(() => this.#place(records));
    const sent = parts.map((part) => this.#connection.request(() => this.#append(number, part)));
    // What is aborted must not be written to any more, so none may be left on its way.
    const [failed] = (await Promise.allSettled(sent)).filter((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** Throws `TOPIC_MISSING`. */
  #place(records: readonly OutgoingRecord[]): OutgoingRecord[][] {
    const { topics, options } = this.core;
    const parts = new Map<string, OutgoingRecord[]>();
    for (const record of records) {
      if (options.autoCreateTopics) topics.create(record.topic);
      const { topic, key = null } = record;
      const bytes = key === null ? null : Buffer.from(key as string);
      const count = topics.get(topic).partitions.length;
      const partition = record.partition ?? this.#partitioner.choose(topic, bytes, count);
      topics.log({ topic, partition });
      const part = parts.get(partitionKey(topic, partition)) ?? [];
      part.push({ ...record, partition });
      parts.set(partitionKey(topic, partition), part);
    }
    return [...parts.values()];
  }

  async #append(number: number, records: readonly OutgoingRecord[]): Promise<void> {
    const { faults, scheduler } = this.core;
    const fault = faults.takeProduce(records);
    if (fault?.delayMs) await scheduler.sleep(fault.delayMs);
    if (fault?.fails && !fault.answerLost) throw new Error('the cluster refused what was sent (fault)');
    const transaction = await this.#id.under(this.#epoch, number);
    transaction.produce(records);
    if (fault?.fails) throw new Error('the acknowledgement was lost (fault)');
  }

  async #writeOffsets(number: number, groupId: string, offsets: readonly OffsetCommit[]): Promise<void> {
    for (;;) {
      try {
        return await this.#connection.request(async () => {
          const transaction = await this.#id.under(this.#epoch, number);
          // Throws while the group has no coordinator.
          this.core.group(groupId).stored();
          transaction.commitOffsets(groupId, offsets);
        });
      } catch (error) {
        if (!isAway(error)) throw error;
        await this.core.scheduler.sleep(RETRY_MS);
      }
    }
  }

  /** Resolves when it is certain that nothing counts; throws what stands in the way of that. */
  async #abort(number: number, cause: unknown): Promise<void> {
    if (isFenced(cause)) throw this.#fence(cause);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connection.request(() => this.#id.end(this.#epoch, number, 'aborted'));
      } catch (error) {
        if (isFenced(error)) throw this.#fence(error);
        if (attempt === ABORT_ATTEMPTS || this.#connection.dead) throw this.#doubt(cause);
      }
    }
  }

  #check(): void {
    switch (this.#state) {
      case 'open':
        return;
      case 'made':
        throw new KafkaWorkerError('NOT_RUNNING', 'the transactional producer is not opened');
      case 'in doubt':
        throw inDoubt(this.transactionalId);
      case 'fenced':
        throw fenced(this.transactionalId);
      case 'closed':
        throw this.#closed();
    }
  }

  #fence(cause: unknown): KafkaWorkerError {
    this.#state = 'fenced';
    return fenced(this.transactionalId, cause);
  }

  #doubt(cause: unknown): KafkaWorkerError {
    this.#state = 'in doubt';
    return inDoubt(this.transactionalId, cause);
  }

  #closed(): KafkaWorkerError {
    return new KafkaWorkerError('NOT_RUNNING', 'the transactional producer is closed');
  }

  #end(): void {
    this.#state = 'closed';
    if (this.#reconnection !== undefined) this.core.scheduler.clearTimer(this.#reconnection);
    this.core.producers.delete(this);
  }
}
