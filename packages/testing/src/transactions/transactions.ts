import { InMemoryTransaction, type TransactionSetup } from './transaction.js';

/** The last transaction of each transactional id. */
export class Transactions {
  readonly #byId = new Map<string, InMemoryTransaction>();

  constructor(private readonly setup: Omit<TransactionSetup, 'transactionalId'>) {}

  /** Fences whoever had the id before. */
  begin(transactionalId: string): InMemoryTransaction {
    this.#byId.get(transactionalId)?.fence();
    const transaction = new InMemoryTransaction({ ...this.setup, transactionalId });
    this.#byId.set(transactionalId, transaction);
    return transaction;
  }
}
