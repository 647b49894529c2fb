import type { Knex } from 'knex';
import type { SqlRow, SqlRun, TransactionRunner } from '@kafka-worker/postgres';

export function knexRunner(db: Knex): TransactionRunner<Knex.Transaction> {
  const on =
    (target: Knex): SqlRun =>
    async ({ strings, values }) =>
      (await target.raw<{ rows: SqlRow[] }>(strings.join('?'), values)).rows;
  return {
    transaction: (work) => db.transaction((transaction) => work(transaction, on(transaction))),
    query: on(db),
  };
}
