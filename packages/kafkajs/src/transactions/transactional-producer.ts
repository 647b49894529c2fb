import { KafkaWorkerError, type DriverTransaction, type DriverTransactionalProducer } from '@kafka-worker/engine';
import type { Transaction } from 'kafkajs';
import { registerOptionalCodecs } from '../codecs/register.js';
import type { KafkajsDriverOptions } from '../options.js';
import { PartitionCounts } from '../producer/partition-counts.js';
import { Placement, type PlacedRecords } from './placement.js';
import { TopicLookup } from './topic-lookup.js';
import { fenced, inDoubt, isFenced, notBegun, notOpened, toAbortReason } from './transaction-errors.js';
import { TransactionalClient } from './transactional-client.js';
import { Turns } from './turns.js';

/**
 * made      not opened yet
 * open      has the transactional id, as far as it knows
 * in doubt  what the last transaction came to is not known, or kafkajs' producer cannot go on; only `open` leads out
 * fenced    another producer has the id, for good
 */
type ProducerState = 'made' | 'open' | 'in doubt' | 'fenced';

/**
 * Transactions through kafkajs. Records go out one partition per request, all of them acknowledged before the offsets
 * are written, and these before the commit is sent.
 *
 * A kafkajs producer is renewed by `open` only, never in silence: to renew is to take the id over, and whoever does that
 * without reading the committed offsets again could undo the fence that somebody else has put up meanwhile.
 */
export class KafkajsTransactionalProducer implements DriverTransactionalProducer {
  private readonly turns = new Turns();
  private readonly counts: PartitionCounts;
  private readonly placement: Placement;
  private client: TransactionalClient | undefined;
  private state: ProducerState = 'made';
  private closed: Promise<void> | undefined;

  constructor(
    private readonly driver: KafkajsDriverOptions,
    private readonly transactionalId: string,
  ) {
    this.counts = new PartitionCounts(new TopicLookup(driver));
    this.placement = new Placement(this.counts);
  }

  /** Rejects also with `NOT_RUNNING` after `close`, and with `TRANSACTION_FENCED` once it was fenced. */
  open(): Promise<void> {
    if (this.closed) return Promise.reject(closedError());
    return this.turns.take(() => this.takeOver());
  }

  /** A call waits for those before it. Rejects also with `NOT_RUNNING`, before `open` and after `close`. */
  transact(transaction: DriverTransaction): Promise<void> {
    if (this.closed) return Promise.reject(closedError());
    return this.turns.take(() => this.run(transaction));
  }

  close(): Promise<void> {
    this.closed ??= this.turns.over().then(() => this.client?.close());
    return this.closed;
  }

  private async takeOver(): Promise<void> {
    if (this.state === 'fenced') throw fenced(this.transactionalId);
    registerOptionalCodecs();
    await this.client?.cut();
    const client = new TransactionalClient(this.driver, this.transactionalId);
    try {
      await client.open();
    } catch (error) {
      await client.cut();
      throw notOpened(this.transactionalId, error);
    }
    this.client = client;
    this.state = 'open';
  }

  private async run(transaction: DriverTransaction): Promise<void> {
    const client = this.usable();
    let parts: readonly PlacedRecords[];
    try {
      parts = await this.placement.place(transaction);
    } catch (error) {
      throw notBegun(error);
    }
    let open: Transaction;
    try {
      open = await client.begin();
    } catch (error) {
      throw this.doubt(error);
    }
    const { failure, certain } = await client.write(open, parts, transaction);
    if (failure === undefined) return this.commit(open);
    for (const { topic } of parts) this.counts.doubt(topic);
    if (isFenced(failure)) throw this.fence(failure);
    await this.abort(open);
    const reason = certain ? toAbortReason(failure) : undefined;
    throw reason ?? this.doubt(failure);
  }

  private async commit(open: Transaction): Promise<void> {
    try {
      // Sent once, and never again by kafkajs: where the broker refuses it, none was accepted before.
      await open.commit();
    } catch (error) {
      throw isFenced(error) ? this.fence(error) : this.doubt(error);
    }
  }

  private async abort(open: Transaction): Promise<void> {
    try {
      await open.abort();
    } catch (error) {
      throw isFenced(error) ? this.fence(error) : this.doubt(error);
    }
  }

  private usable(): TransactionalClient {
    if (this.state === 'fenced') throw fenced(this.transactionalId);
    if (this.state === 'in doubt') throw inDoubt(this.transactionalId);
    if (!this.client) throw new KafkaWorkerError('NOT_RUNNING', 'the transactional producer is not opened');
    if (this.client.worn) throw this.doubt(new Error('the sequence numbers of this producer run out'));
    return this.client;
  }

  private fence(cause: unknown): KafkaWorkerError {
    this.state = 'fenced';
    return fenced(this.transactionalId, cause);
  }

  private doubt(cause: unknown): KafkaWorkerError {
    this.state = 'in doubt';
    return inDoubt(this.transactionalId, cause);
  }
}

function closedError(): KafkaWorkerError {
  return new KafkaWorkerError('NOT_RUNNING', 'the transactional producer is closed');
}
