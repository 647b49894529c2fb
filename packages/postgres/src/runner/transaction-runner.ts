import type { SqlRun } from '../sql/statement.js';

/**
 * What the store needs of a database library: how a transaction is made, and how a statement is sent in it. `T` is what
 * handlers get by `getTransaction()`.
 */
export interface TransactionRunner<T = unknown> {
  /**
   * Begins a transaction on a connection of its own, calls `work` with it, commits when that resolves and rolls back
   * when it rejects. `run` sends a statement in this transaction.
   *
   * @throws what `work` throws, or what the library says where it cannot begin or commit
   */
  transaction<R>(work: (transaction: T, run: SqlRun) => Promise<R>): Promise<R>;
  /** Sends a statement outside of any transaction: committed when it resolves. */
  readonly query: SqlRun;
  /** Called once, before anything else. */
  open?(): Promise<void> | void;
  /** Called once, after everything else. Has to leave alone what it was given from outside. */
  close?(): Promise<void> | void;
}
