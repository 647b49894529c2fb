import { sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { SqlRun, TransactionRunner } from '@kafka-worker/postgres';

export type DrizzleTransaction = Parameters<Parameters<NodePgDatabase['transaction']>[0]>[0];

export function drizzleRunner(db: NodePgDatabase): TransactionRunner<DrizzleTransaction> {
  const on =
    (target: Pick<NodePgDatabase, 'execute'>): SqlRun =>
    async ({ strings, values }) =>
      (await target.execute(sql(strings, ...values))).rows;
  return {
    transaction: (work) => db.transaction((transaction) => work(transaction, on(transaction))),
    query: on(db),
  };
}
