import type { OffsetCommit, OutgoingRecord, RecordMetadata } from '@kafka-worker/engine';
import type { OffsetStore } from '../group/offset-store.js';
import { checkOffset } from '../group/check-offset.js';
import { appendAll } from '../log/append.js';
import type { Partitioner } from '../log/partitioner.js';
import type { PartitionLog, RecordFate } from '../log/partition-log.js';
import type { Topics } from '../log/topics.js';
import { TransactionError } from './transaction-error.js';

/** What a transaction is made with. */
export interface TransactionSetup {
  readonly transactionalId: string;
  readonly topics: Topics;
  readonly partitioner: Partitioner;
  readonly offsetsOf: (groupId: string) => OffsetStore;
  readonly now: () => number;
}

/**
 * open       records are written and hidden from readers of the committed; offsets wait
 * committed  all of it counts
 * aborted    none of it counts
 */
export type TransactionState = 'open' | 'committed' | 'aborted';

/** A transaction of the in-memory cluster; every call takes effect at once. Made by `InMemoryCluster.beginTransaction`. */
export class InMemoryTransaction implements RecordFate {
  readonly transactionalId: string;
  /** Partitions it has written to, each of which gets a marker. */
  readonly #logs = new Set<PartitionLog>();
  readonly #groups = new Set<OffsetStore>();
  #state: TransactionState = 'open';
  /** Invariant: set where the state is not `open`; set before it where markers are on their way. */
  #decided: Exclude<TransactionState, 'open'> | undefined;
  #fenced = false;

  /** @internal */
  constructor(private readonly setup: TransactionSetup) {
    this.transactionalId = setup.transactionalId;
  }

  get state(): TransactionState {
    return this.#state;
  }

  /** Writes records, all or none. Throws `TOPIC_MISSING`, or a {@link TransactionError}. */
  produce(records: OutgoingRecord | readonly OutgoingRecord[]): RecordMetadata[] {
    this.#check();
    const { topics, partitioner, now } = this.setup;
    const list: readonly OutgoingRecord[] = 'topic' in records ? [records] : records;
    const written = appendAll(topics, partitioner, list, now(), this);
    for (const place of written) this.#logs.add(topics.log(place));
    return written;
  }

  /**
   * Offsets that are stored with the transaction, or not at all. Nobody asks whether the producer is a member of the
   * group, as brokers do not ask clients of the classic protocol's first years. Throws a {@link TransactionError}.
   */
  commitOffsets(groupId: string, offsets: readonly OffsetCommit[]): void {
    this.#check();
    for (const offset of offsets) {
      const refusal = checkOffset(this.setup.topics, offset);
      if (refusal) throw new TransactionError(refusal.type, refusal.message);
    }
    const store = this.setup.offsetsOf(groupId);
    this.#groups.add(store);
    for (const offset of offsets) store.putPending(this, offset);
  }

  /** Throws a {@link TransactionError}; harmless where it is committed already. */
  commit(): void {
    if (this.#state === 'committed') return;
    this.#check();
    this.#end('committed');
  }

  /** Throws a {@link TransactionError}; harmless where it is aborted already, unless another producer did it. */
  abort(): void {
    if (this.#state === 'aborted' && !this.#fenced) return;
    this.#check();
    this.#end('aborted');
  }

  /** @internal Another producer has the transactional id: what is open is aborted, what was decided is completed. */
  fence(): void {
    this.#fenced = true;
    this.#decided ??= 'aborted';
    this.settle();
  }

  /** @internal What it comes to, known before anybody sees it. */
  get decided(): Exclude<TransactionState, 'open'> | undefined {
    return this.#decided;
  }

  /** @internal From now on nothing can be added; readers and groups see the end with {@link settle}. */
  decide(end: Exclude<TransactionState, 'open'>): void {
    this.#decided ??= end;
  }

  /** @internal Writes the markers, once. */
  settle(): void {
    if (this.#state !== 'open' || !this.#decided) return;
    // Before the markers: they wake the readers, who ask for it.
    this.#state = this.#decided;
    for (const log of this.#logs) log.mark(this);
    for (const store of this.#groups) store.endPending(this, this.#state === 'committed');
  }

  #check(): void {
    const { transactionalId } = this;
    if (this.#fenced) throw new TransactionError('INVALID_PRODUCER_EPOCH', `"${transactionalId}" has a newer producer`);
    if (this.#decided) throw new TransactionError('INVALID_TXN_STATE', `"${transactionalId}" is ${this.#decided}`);
  }

  #end(end: Exclude<TransactionState, 'open'>): void {
    this.decide(end);
    this.settle();
  }
}
