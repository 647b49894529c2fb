import type { CellRuns } from '../cells/cell.js';
import type { RunResult } from '../run/job.js';
import { ratio, spread, type Spread } from './statistics.js';

/** What a figure is held against. */
export interface Bar {
  readonly text: string;
  readonly value: Spread;
  /** The median is to be at least this. */
  readonly least: number;
  readonly unit: 'times' | 'percent';
}

export function isMet({ value, least }: Bar): boolean {
  return value.median >= least;
}

/** The rate of one entry against another's; nothing where one of them was not run. */
export function ratioBar(runs: CellRuns, entry: string, other: string, least: number, unit: Bar['unit']): Bar[] {
  const ours = runs.get(entry);
  const theirs = runs.get(other);
  if (!ours?.length || !theirs?.length) return [];
  return [{ text: `${entry} against ${other}`, value: ratio(ours.map(rate), theirs.map(rate)), least, unit }];
}

/** The time that no scheduler could beat against the time it took, both of the same run. */
export function boundBar(
  runs: CellRuns,
  entry: string,
  what: string,
  least: number,
  boundMs: (run: RunResult) => number,
): Bar[] {
  const ours = runs.get(entry);
  if (!ours?.length) return [];
  const value = spread(ours.map((run) => boundMs(run) / run.handledMs));
  return [{ text: `${entry} of ${what}`, value, least, unit: 'percent' }];
}

/** With every slot busy all the time. */
export function slotsBound(limit: number): (run: RunResult) => number {
  return ({ records, handlerMs }) => (records / limit) * handlerMs;
}

/** Records a second. */
export function rate({ records, handledMs }: Pick<RunResult, 'records' | 'handledMs'>): number {
  return (records / handledMs) * 1000;
}
