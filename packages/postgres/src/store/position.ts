import type { OffsetRange, StorePosition } from '@kafka-worker/engine';
import type { SqlRow } from '../sql/statement.js';

/**
 * Reads the rows of `StoreStatements.position`. Undefined where the group has never been here. Where records were
 * settled and nothing was said of those below yet, everything from 0 on that is not in `done` is open.
 */
export function positionOf(rows: readonly SqlRow[]): StorePosition | undefined {
  const next = rows[0]?.['next'];
  const runs: OffsetRange[] = rows
    .filter((row) => typeof row['low'] === 'string')
    .map((row) => ({ from: Number(row['low']), to: Number(row['high']) }));
  if (typeof next !== 'string' && runs.length === 0) return undefined;
  const offset = typeof next === 'string' ? Number(next) : 0;
  const [first, ...others] = runs;
  return first?.from === offset ? { offset: first.to, done: others } : { offset, done: runs };
}
