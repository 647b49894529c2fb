import type { HeldPartition } from './held-partition.js';
import type { ProcessModel } from './process-model.js';
import { readStoredMap, spansHold } from './stored-map.js';

/** How a drain went, as seen from outside. Times are milliseconds. */
export interface DrainOutcome {
  readonly tookMs: number;
  readonly budgetMs: number;
  /** No commit has failed since it began, and none is under way: everything that has settled must be stored. */
  readonly commitsWork: boolean;
  readonly mapsMayBeLost: boolean;
  readonly stored: (partition: HeldPartition) => { readonly offset: number; readonly metadata: string } | undefined;
}

/** Looks at partitions in the moment in which the engine says that they can go. */
export function checkDrained(process: ProcessModel, partitions: readonly HeldPartition[], outcome: DrainOutcome): void {
  const { violations } = process;
  for (const partition of partitions) {
    const what = `${process.name} lets ${partition.name} go`;
    const running = partition.running.filter(({ call }) => call?.end === undefined);
    violations.expect(
      running.length === 0 || outcome.tookMs >= outcome.budgetMs,
      'drain',
      () => `${what} after ${outcome.tookMs} ms of ${outcome.budgetMs}, while ${running[0]?.record.offset} runs`,
    );
    for (const { call } of running) if (call !== undefined) call.leftOver = true;
    if (outcome.commitsWork && partition.worker.commit !== 'manual') checkStored(process, partition, outcome, what);
  }
}

function checkStored(process: ProcessModel, partition: HeldPartition, outcome: DrainOutcome, what: string): void {
  const { violations } = process;
  const untouched = partition.settled.size === 0 && partition.position === partition.start;
  const stored = outcome.stored(partition);
  if (stored === undefined) {
    violations.expect(untouched, 'drain', () => `${what} and nothing is stored of it`);
    return;
  }
  const spans = readStoredMap(stored.metadata, stored.offset) ?? [];
  const frontier = partition.frontier(false);
  violations.expect(
    stored.offset >= frontier || untouched,
    'drain',
    () => `${what} at ${frontier}, and ${stored.offset} is stored`,
  );
  if (stored.metadata === '' && outcome.mapsMayBeLost) return;
  const missing = partition.doneAbove(stored.offset).find((offset) => !spansHold(spans, offset));
  violations.expect(missing === undefined, 'drain', () => `${what}, and ${missing}, which has settled, is not stored`);
}
