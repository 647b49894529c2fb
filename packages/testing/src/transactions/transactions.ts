import type { InMemoryTransaction } from './transaction.js';
import { TransactionalId, type TransactionalIdSetup } from './transactional-id.js';

/** Every transactional id of a cluster. */
export class Transactions {
  readonly #byId = new Map<string, TransactionalId>();

  constructor(private readonly setup: Omit<TransactionalIdSetup, 'transactionalId'>) {}

  /** Made on first use. */
  of(transactionalId: string): TransactionalId {
    let id = this.#byId.get(transactionalId);
    if (!id) this.#byId.set(transactionalId, (id = new TransactionalId({ ...this.setup, transactionalId })));
    return id;
  }

  /** Fences whoever had the id before. */
  begin(transactionalId: string): InMemoryTransaction {
    return this.of(transactionalId).begin();
  }
}
