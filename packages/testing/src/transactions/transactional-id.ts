import type { TimerHandle } from '@kafka-worker/engine';
import { CLUSTER } from '../latency.js';
import type { Scheduler } from '../scheduler.js';
import { InMemoryTransaction, type TransactionSetup } from './transaction.js';
import { TransactionError } from './transaction-error.js';

/** What a transactional id is made with. */
export interface TransactionalIdSetup extends TransactionSetup {
  readonly scheduler: Scheduler;
  /** How long a transaction may stay open of a producer that does not say. Milliseconds. */
  readonly timeoutMs: number;
}

/**
 * One transactional id at its coordinator: who has it, and the transaction under way. What a transaction comes to is
 * decided first (EndTxn is answered then) and seen a message later, when its markers are written; until then
 * nobody begins another one, and nobody takes the id over.
 */
export class TransactionalId {
  /** Whoever comes with an older one is fenced. */
  #epoch = 0;
  #transaction: InMemoryTransaction | undefined;
  /** The number its producer gave the transaction under way, or the last one; each producer counts from 1. */
  #number = 0;
  /** Set while markers are on their way. */
  #settling: Promise<void> | undefined;
  #timeout: TimerHandle | undefined;
  /** Of the present producer. Milliseconds. */
  #timeoutMs = 0;

  constructor(private readonly setup: TransactionalIdSetup) {}

  /** Takes over and begins at once, as no client could: whoever had the id is fenced, what was open is aborted. */
  begin(): InMemoryTransaction {
    this.#epoch++;
    this.#clearTimeout();
    this.#transaction?.fence();
    this.#settling = undefined;
    this.#transaction = new InMemoryTransaction(this.setup);
    return this.#transaction;
  }

  /**
   * InitProducerId: whoever had the id is fenced and what is open is aborted; where a commit has been accepted it is
   * completed. Settles with the new epoch when nothing of that is under way any more.
   * `timeoutMs`: how long each transaction of the new producer may stay open. Milliseconds.
   */
  async init(timeoutMs = this.setup.timeoutMs): Promise<number> {
    for (;;) {
      if (this.#open()) this.#expel();
      if (!this.#settling) break;
      await this.#settling;
    }
    this.#transaction = undefined;
    this.#number = 0;
    this.#timeoutMs = timeoutMs;
    return ++this.#epoch;
  }

  /**
   * The transaction with this number, begun by the first request that belongs to it. Waits for the markers of the one
   * before. Rejects with a {@link TransactionError}, also where that number has ended: a request that was late.
   */
  async under(epoch: number, number: number): Promise<InMemoryTransaction> {
    this.#check(epoch);
    while (this.#settling) {
      await this.#settling;
      this.#check(epoch);
    }
    const open = this.#open();
    if (open && number === this.#number) return open;
    if (number <= this.#number) throw this.#ended(number);
    this.#number = number;
    this.#transaction = new InMemoryTransaction(this.setup);
    this.#timeout = this.setup.scheduler.setTimer(() => this.#expel(), this.#timeoutMs);
    return this.#transaction;
  }

  /**
   * EndTxn: decides what the transaction comes to. Harmless where that is decided already, and where nothing was begun
   * under this number, which then never is. Throws a {@link TransactionError}.
   */
  end(epoch: number, number: number, end: 'committed' | 'aborted'): void {
    this.#check(epoch);
    if (number > this.#number) {
      this.#number = number;
      this.#transaction = undefined;
      return;
    }
    const transaction = number === this.#number ? this.#transaction : undefined;
    if (transaction?.decided === end) return;
    if (transaction?.decided || (!transaction && end === 'committed')) throw this.#ended(number);
    if (transaction) this.#decide(transaction, end);
  }

  #open(): InMemoryTransaction | undefined {
    return this.#transaction?.decided ? undefined : this.#transaction;
  }

  /** What is open is aborted and its producer fenced: another one comes, or time is up. */
  #expel(): void {
    this.#epoch++;
    const open = this.#open();
    if (open) this.#decide(open, 'aborted');
  }

  #decide(transaction: InMemoryTransaction, end: 'committed' | 'aborted'): void {
    this.#clearTimeout();
    transaction.decide(end);
    const settling = this.setup.scheduler.hop({ from: CLUSTER, to: CLUSTER }).then(() => {
      transaction.settle();
      if (this.#settling === settling) this.#settling = undefined;
    });
    this.#settling = settling;
  }

  #clearTimeout(): void {
    if (this.#timeout !== undefined) this.setup.scheduler.clearTimer(this.#timeout);
    this.#timeout = undefined;
  }

  #check(epoch: number): void {
    if (epoch === this.#epoch) return;
    throw new TransactionError('INVALID_PRODUCER_EPOCH', `"${this.setup.transactionalId}" has a newer producer`);
  }

  #ended(number: number): TransactionError {
    return new TransactionError(
      'INVALID_TXN_STATE',
      `transaction ${number} of "${this.setup.transactionalId}" is over`,
    );
  }
}
