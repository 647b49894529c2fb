import type { OffsetCommit } from '@kafka-worker/engine';
import type { HeldPartition } from './held-partition.js';
import { numberOf } from './names.js';
import type { ProcessModel } from './process-model.js';
import { readStoredMap, spansHold } from './stored-map.js';

/**
 * Looks at a commit in the moment in which the engine sends it.
 * @param mapsMayBeLost the broker has refused a map of this process as too large: from then on it may leave them out.
 */
export function checkCommit(
  process: ProcessModel,
  group: number,
  offsets: readonly OffsetCommit[],
  mapsMayBeLost: boolean,
): void {
  process.violations.expect(
    !process.leaving.has(group),
    'ownership',
    () => `${process.name} commits after its last commit`,
  );
  for (const commit of offsets) {
    const partition = process.find(group, numberOf(commit.topic), commit.partition);
    const what = `${process.name} commits ${commit.offset} of ${commit.topic}/${commit.partition}`;
    if (partition === undefined) {
      process.violations.add('ownership', `${what}, which it does not hold`);
      continue;
    }
    if (partition.worker.commit === 'none') process.violations.add('safety', `${what}, though its option is 'none'`);
    noticeClaims(process, partition, commit);
    checkOffset(process, partition, commit, what);
    checkMap(process, partition, commit, what, mapsMayBeLost);
    partition.sent = commit.offset;
    // what has ended but is not settled yet in the engine's eyes may be in the next one
    if (!partition.byHand) partition.dirtySince = undefined;
  }
}

/** `at-most-once`: the commit goes before the handlers of the records that it passes for them. */
function noticeClaims(process: ProcessModel, partition: HeldPartition, { offset, metadata }: OffsetCommit): void {
  if (partition.worker.delivery !== 'at-most-once') return;
  const spans = readStoredMap(metadata, offset) ?? [];
  for (const held of partition.heads()) {
    if (held.released || (held.phase !== 'queued' && held.phase !== 'waiting')) continue;
    const at = held.record.offset;
    if (at < offset || spansHold(spans, at)) process.claimed(partition, held);
  }
}

function checkOffset(process: ProcessModel, partition: HeldPartition, { offset }: OffsetCommit, what: string): void {
  const { violations } = process;
  const highest = partition.frontier(true);
  violations.expect(offset <= highest, 'safety', () => `${what}, but ${highest} is not settled`);
  violations.expect(
    partition.sent === undefined || offset >= partition.sent,
    'safety',
    () => `${what} after ${partition.sent}`,
  );
  // a transaction may have had to wait for what became of the last one; what it sends is of the moment of its offset
  if (partition.byHand || partition.offering || partition.worker.delivery === 'transactional') return;
  // which claims were given up for a map that was refused is seen at the end of the step only
  if (partition.worker.delivery === 'at-most-once' && process.world.mapsMayBeLost) return;
  const lowest = partition.frontier(false);
  violations.expect(
    offset >= lowest,
    'safety',
    () => `${what}, though all below ${lowest} has settled: an old snapshot`,
  );
}

function checkMap(
  process: ProcessModel,
  partition: HeldPartition,
  { offset, metadata }: OffsetCommit,
  what: string,
  mapsMayBeLost: boolean,
): void {
  const { violations } = process;
  const spans = readStoredMap(metadata, offset);
  if (spans === undefined) {
    violations.add('safety', `${what} with a map that nobody can read`);
    return;
  }
  for (const { from, to } of spans) {
    for (let at = from; at < to; at++) {
      if (!partition.mayBeDone(at)) return violations.add('safety', `${what} with ${at} as done, which is not settled`);
    }
  }
  const { delivery } = partition.worker;
  if (partition.byHand || delivery === 'transactional') return;
  if (delivery === 'at-most-once' && mapsMayBeLost) return;
  if (metadata === '' && mapsMayBeLost) return;
  const missing = partition.doneAbove(offset).find((done) => !spansHold(spans, done));
  violations.expect(missing === undefined, 'safety', () => `${what} without ${missing}, which has settled above it`);
}
