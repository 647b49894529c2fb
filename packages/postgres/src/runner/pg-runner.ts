import { NonRetryableError } from '@kafka-worker/engine';
import type { SqlRun } from '../sql/statement.js';
import { settledWithin } from './settled-within.js';
import type { PgClient, PgPool } from './pg-pool.js';
import type { TransactionRunner } from './transaction-runner.js';

/** How long a ROLLBACK may take, with what the handler left under way before it. Then the connection is cut. */
const ROLLBACK_MS = 5_000;

/** Transactions on a pool of `pg`. The pool stays its owner's: `close` does not end it. */
export class PgRunner<C extends PgClient> implements TransactionRunner<C> {
  readonly query: SqlRun = async ({ text, values }) => (await this.pool.query({ text, values: [...values] })).rows;

  constructor(
    private readonly pool: PgPool<C>,
    private readonly prepare: boolean,
  ) {}

  /** A pool tells of idle connections that broke, and a process in which nobody listens to that ends. */
  open(): void {
    this.pool.on('error', ignore);
  }

  close(): void {
    this.pool.removeListener('error', ignore);
  }

  async transaction<R>(work: (transaction: C, run: SqlRun) => Promise<R>): Promise<R> {
    const client = await this.pool.connect();
    const connection = new CheckedOut(client);
    try {
      await client.query({ text: 'BEGIN' });
      const result = await work(client, async ({ text, values, name }) => {
        assertInTransaction(client);
        const prepared = this.prepare && name !== undefined ? { name } : {};
        return (await client.query({ text, values: [...values], ...prepared })).rows;
      });
      const { command } = await client.query({ text: 'COMMIT' });
      // that is the answer where a statement that nobody waited for has failed
      if (command !== 'COMMIT') throw new Error(`PostgreSQL answered COMMIT with ${command}: nothing was committed`);
      connection.giveBack();
      return result;
    } catch (error) {
      await connection.rollBack();
      throw error;
    }
  }
}

/** A connection between the pool's `connect` and `release`. */
class CheckedOut {
  readonly #release: (destroy?: boolean) => void;

  constructor(private readonly client: PgClient) {
    // one that breaks tells so beside the rejections, and ends the process if nobody listens
    client.on('error', ignore);
    this.#release = client.release.bind(client);
    client.release = () => {
      throw new NonRetryableError(
        'a handler must not release the connection of its transaction: it is given back for it',
      );
    };
  }

  giveBack({ broken = false } = {}): void {
    this.client.removeListener('error', ignore);
    this.client.release = this.#release;
    this.client.release(broken);
  }

  /** Ends the transaction. A connection on which that does not work is not one to keep. */
  async rollBack(): Promise<void> {
    let rolledBack = false;
    const answer = this.client.query({ text: 'ROLLBACK' }).then(() => (rolledBack = true));
    await settledWithin(answer, ROLLBACK_MS);
    this.giveBack({ broken: !rolledBack });
  }
}

function assertInTransaction(client: PgClient): void {
  if (client.getTransactionStatus?.() === 'I') {
    throw new NonRetryableError('the handler has ended its transaction itself: COMMIT and ROLLBACK are not its own');
  }
}

function ignore(): void {}
