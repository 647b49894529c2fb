import { StoreFailedError } from '@kafka-worker/engine';
import type { TransactionRunner } from '../runner/transaction-runner.js';
import { sql } from './statement.js';
import { createSchema, sqlOf, type Table, type TableSet } from './tables.js';

/** One number for all of us: who makes tables waits for others that do. "kafka-wo" in ASCII. */
const MIGRATION_LOCK = '7737275452018653039';

/**
 * Makes the tables that are missing, with `migrate`, or throws StoreFailedError with the SQL that does. Where all are
 * there nothing is made, so that a user without the right to do so can open. Ten processes may be here at once.
 */
export async function openTables(runner: TransactionRunner<unknown>, set: TableSet, migrate: boolean): Promise<void> {
  const missing = await findMissing(runner, set.tables);
  if (missing.length === 0) return;
  if (!migrate) {
    const names = missing.map(({ name }) => name.text).join(', ');
    throw new StoreFailedError(`missing in PostgreSQL: ${names}. With \`migrate: false\` you make it:\n${sqlOf(set)}`);
  }
  await runner.transaction(async (_transaction, run) => {
    // CREATE … IF NOT EXISTS alone is not enough: two at once fail with a duplicate key in a catalog
    await run(
      sql`SELECT CAST(pg_advisory_xact_lock(CAST(CAST(${MIGRATION_LOCK} AS text) AS bigint)) AS text) AS locked`,
    );
    if (set.schema !== undefined) {
      const found = await run(sql`SELECT true AS found FROM pg_namespace WHERE nspname = CAST(${set.schema} AS text)`);
      if (found.length === 0) await run(createSchema(set.schema));
    }
    for (const { create } of set.tables) for (const statement of create) await run(statement);
  });
}

async function findMissing(runner: TransactionRunner<unknown>, tables: readonly Table[]): Promise<Table[]> {
  const missing: Table[] = [];
  for (const table of tables) {
    const [row] = await runner.query(sql`SELECT to_regclass(CAST(${table.name.text} AS text)) IS NOT NULL AS found`);
    if (row?.['found'] !== true) missing.push(table);
  }
  return missing;
}
