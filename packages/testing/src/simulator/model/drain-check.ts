import type { HeldPartition, HeldRecord } from './held-partition.js';
import { isCutOffForGood } from './model-call.js';
import type { ProcessModel } from './process-model.js';
import { readStoredMap, spansHold } from './stored-map.js';

/** How a drain went, as seen from outside. Times are milliseconds. */
export interface DrainOutcome {
  readonly since: number;
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
    const now = process.world.now();
    const tookMs = now - outcome.since;
    const running = [...partition.unsettled.values()].filter((held) => isUnderWay(held, now));
    violations.expect(
      running.length === 0 || tookMs >= outcome.budgetMs,
      'drain',
      () => `${what} after ${tookMs} ms of ${outcome.budgetMs}, while ${running[0]?.record.offset} runs`,
    );
    for (const { call } of running) if (call !== undefined) call.leftOver = true;
    if (outcome.commitsWork && !isStoredElsewhere(partition) && !partition.byHand)
      checkStored(process, partition, outcome, what);
  }
}

function checkStored(process: ProcessModel, partition: HeldPartition, outcome: DrainOutcome, what: string): void {
  const { violations } = process;
  const stored = outcome.stored(partition);
  const spans = readStoredMap(stored?.metadata ?? '', stored?.offset ?? 0) ?? [];
  for (const offset of partition.settled) {
    if ((stored !== undefined && offset < stored.offset) || spansHold(spans, offset)) continue;
    if (outcome.mapsMayBeLost && stored?.metadata === '' && offset > partition.frontier(false)) continue;
    const where = stored === undefined ? 'nothing is stored' : `${stored.offset} is stored`;
    return violations.add('drain', `${what}, and ${offset}, which had settled, is not committed: ${where}`);
  }
}

/** It has to end before its partition goes: its handler, unless that is given up, the commit before it, or its copy. */
function isUnderWay({ phase, call, copiesUnderWay }: HeldRecord, now: number): boolean {
  const runs = phase === 'running' && call?.end === undefined && !(call && isCutOffForGood(call, now));
  return runs || phase === 'claiming' || copiesUnderWay > 0;
}

/** What counts is in the database; the group's offset follows it. */
function isStoredElsewhere({ worker }: HeldPartition): boolean {
  return worker.delivery === 'exactly-once';
}
