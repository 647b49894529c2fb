import {
  ensureError,
  KafkaWorkerError,
  StoreFailedError,
  StoreFencedError,
  type PartitionClaim,
  type StorePartition,
  type StorePosition,
} from '@kafka-worker/engine';
import type { TransactionRunner } from '../runner/transaction-runner.js';
import { isConflict, isRefusal, sqlStateOf, TRANSACTION_ABORTED } from '../sql/sql-state.js';
import type { SqlRow, SqlStatement } from '../sql/statement.js';
import type { StoreStatements } from './statements.js';

/** What the claims of a store share. */
export interface ClaimContext<T> {
  readonly runner: TransactionRunner<T>;
  readonly statements: StoreStatements;
  /** How long a transaction may stand between its last statement and COMMIT. Milliseconds. */
  readonly commitMs: number;
  /** @throws StoreFailedError where the store is closed */
  assertOpen(): void;
}

/**
 * begin   no connection yet, or no transaction
 * work    the handler has it
 * settle  our last statement is under way
 * commit  everything is said; what is left is COMMIT
 */
type Stage = 'begin' | 'work' | 'settle' | 'commit';

/** How far a transaction has come. */
interface Seen {
  stage: Stage;
  /** What the handler has thrown. */
  thrown?: { readonly error: unknown };
  /** What our last statement has found. */
  verdict?: 'fenced' | 'already';
}

/** One epoch of one partition. */
export class PostgresClaim<T> implements PartitionClaim<T> {
  constructor(
    private readonly context: ClaimContext<T>,
    private readonly partition: StorePartition,
    private readonly epoch: string,
    readonly position: StorePosition | undefined,
  ) {}

  async transact(offset: number, work: (transaction: T) => unknown): Promise<'done' | 'already'> {
    const { runner, statements, commitMs } = this.context;
    this.context.assertOpen();
    const seen: Seen = { stage: 'begin' };
    try {
      await runner.transaction(async (transaction, run) => {
        seen.stage = 'work';
        try {
          await work(transaction);
        } catch (error) {
          seen.thrown = { error };
          throw error;
        }
        seen.stage = 'settle';
        const [row] = await run(statements.settle(this.partition, this.epoch, offset, commitMs));
        if (!isTrue(row, 'owned')) seen.verdict = 'fenced';
        else if (!isTrue(row, 'marked')) seen.verdict = 'already';
        // what rolls it back; told below, since libraries put errors into others of their own
        if (seen.verdict !== undefined) throw new Error(seen.verdict);
        seen.stage = 'commit';
      });
      return 'done';
    } catch (error) {
      if (seen.thrown !== undefined) throw seen.thrown.error;
      if (seen.verdict === 'already') return 'already';
      if (seen.verdict === 'fenced') throw this.#fenced();
      throw await this.#failure(error, seen.stage, offset);
    }
  }

  async advance(offset: number): Promise<void> {
    this.context.assertOpen();
    const [row] = await this.#ask(this.context.statements.advance(this.partition, this.epoch, offset));
    if (!isTrue(row, 'owned')) throw this.#fenced();
  }

  /** Whose matter it is that a transaction has failed, where it was not the handler that threw. */
  async #failure(error: unknown, stage: Stage, offset: number): Promise<unknown> {
    // what the runner says in our own words
    if (KafkaWorkerError.is(error)) return error;
    const state = sqlStateOf(error);
    if (stage === 'settle') {
      if (state === TRANSACTION_ABORTED) {
        return new Error(
          'a statement of the handler has failed, and the handler went on: nothing of its transaction can be committed. ' +
            'Let the error through, or put the statement between SAVEPOINT and ROLLBACK TO SAVEPOINT',
          { cause: error },
        );
      }
      // a serializable transaction does not see that the epoch has changed, it fails for it
      if (isConflict(state)) return (await this.#isOwner()) ? error : this.#fenced(error);
    }
    if (stage === 'commit' && isRefusal(state)) return error;
    const what = stage === 'commit' ? 'the commit of' : 'the transaction of';
    return new StoreFailedError(`PostgreSQL: ${what} ${this.#name}@${offset} failed: ${ensureError(error).message}`, {
      cause: error,
    });
  }

  async #isOwner(): Promise<boolean> {
    const [row] = await this.#ask(this.context.statements.ownership(this.partition, this.epoch));
    return isTrue(row, 'owned');
  }

  async #ask(statement: SqlStatement): Promise<readonly SqlRow[]> {
    try {
      return await this.context.runner.query(statement);
    } catch (cause) {
      throw new StoreFailedError(`PostgreSQL: ${this.#name}: ${ensureError(cause).message}`, { cause });
    }
  }

  #fenced(cause?: unknown): StoreFencedError {
    const message = `${this.#name} was claimed by somebody else: epoch ${this.epoch} is over`;
    return new StoreFencedError(message, cause === undefined ? {} : { cause });
  }

  get #name(): string {
    return `${this.partition.topic}/${this.partition.partition} of group ${this.partition.groupId}`;
  }
}

function isTrue(row: SqlRow | undefined, column: string): boolean {
  return row?.[column] === true;
}
