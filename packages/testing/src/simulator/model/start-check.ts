import type { HeldPartition, HeldRecord } from './held-partition.js';
import { isCutOffForGood } from './model-call.js';
import { keyOf } from './names.js';
import type { BrokenPromise } from './violation.js';
import type { ProcessModel } from './process-model.js';

/** Looks at a handler in the moment in which it is called, before it is noted as running. */
export function checkStart(process: ProcessModel, partition: HeldPartition, held: HeldRecord, attempt: number): void {
  const { violations, world } = process;
  const what = `${process.name}: ${partition.name} ${held.record.offset}`;
  const wrong = (promise: BrokenPromise, why: string): void => violations.add(promise, `${what} starts ${why}`);
  // whoever gets the partition next will not see a record that is claimed: it starts whatever has come since
  if (held.phase !== 'claiming') {
    if (process.stoppingSince !== undefined) wrong('drain', 'while the process ends');
    if (partition.draining === 'revoking') wrong('drain', 'while its partition is given back');
    if (partition.paused || process.pausedWorkers.has(partition.workerIndex)) wrong('kept', 'while it is paused');
    if (partition.frozenWhole) wrong('kept', 'while its partition is frozen');
    if (partition.standing) wrong('ownership', 'while its partition has nothing to commit with');
  }
  checkClaim(process, partition, held, what);
  if (held.parked) wrong('no-loss', 'without its bytes');
  if (held.gone) wrong('no-loss', 'although the log has it no more');
  if (held.broken) wrong('attempts', 'although its order could not be found out');
  if (held.phase === 'running' || held.phase === 'frozen' || held.phase === 'copied')
    wrong('order', `while it is ${held.phase}`);
  if (world.now() < held.notBefore) wrong('attempts', `${held.notBefore - world.now()} ms too early`);
  const { dueAt } = held.record;
  if (dueAt !== undefined && world.now() < dueAt) wrong('attempts', `${dueAt - world.now()} ms before it is due`);
  for (const other of partition.blockers(held)) wrong('order', `before ${other.record.offset} of its lane has settled`);
  if (partition.worker.concurrency === 'serial') {
    const other = waitingElsewhere(process, partition);
    if (other !== undefined)
      wrong('order', `while ${other.record.offset} of another partition waits for its next attempt or for its copy`);
  }
  if (attempt !== held.attempts + 1) wrong('attempts', `as attempt ${attempt}, it is number ${held.attempts + 1}`);
}

/**
 * A serial worker does one record at a time, its retries included. What is paused or given back when its wait is over
 * holds the others up no longer.
 */
function waitingElsewhere(process: ProcessModel, partition: HeldPartition): HeldRecord | undefined {
  const now = process.world.now();
  for (const other of process.held.values()) {
    if (other === partition || other.workerIndex !== partition.workerIndex || process.isGivenUp(other)) continue;
    const copied = [...other.unsettled.values()].find(({ phase, byOperator }) => phase === 'copied' && !byOperator);
    if (copied !== undefined) return copied;
    const waiting = other.waiting.find(
      ({ notBefore, letOthersBy }) => now < notBefore || (now > notBefore && !letOthersBy && !process.stands(other)),
    );
    if (waiting !== undefined) return waiting;
  }
  return undefined;
}

/** `at-most-once`: nothing starts before the group has stored that it is done, and nothing a second time. */
function checkClaim(process: ProcessModel, partition: HeldPartition, held: HeldRecord, what: string): void {
  if (partition.worker.delivery !== 'at-most-once') return;
  const { violations, world } = process;
  const { group, topic, partition: number } = partition;
  const stored = world.isStored(group, topic, number, held.record.offset);
  violations.expect(stored, 'safety', () => `${what} starts, and the group has not stored that it is done`);
  world.groups.startedOnce(keyOf(group, topic, number), held.record.offset, partition, what);
}

/** Called when one more has started. */
export function checkBounds(process: ProcessModel, partition: HeldPartition): void {
  const { worker, workerIndex } = partition;
  const { maxConcurrency } = process.world.scenario.engine;
  const all = [...process.running].filter((call) => !isCutOffForGood(call, process.world.now()));
  const mine = all.filter((call) => call.partition.workerIndex === workerIndex);
  const { violations } = process;
  const of = `${process.name}: w${workerIndex}`;
  violations.expect(
    mine.length <= worker.limit,
    'bounds',
    () => `${of} runs ${mine.length}, its limit is ${worker.limit}`,
  );
  violations.expect(
    maxConcurrency === undefined || all.length <= maxConcurrency,
    'bounds',
    () => `${process.name} runs ${all.length}, its limit is ${maxConcurrency}`,
  );
  const partitions = new Set(mine.map((call) => call.partition)).size;
  violations.expect(
    partitions <= (worker.partitionLimit ?? Infinity),
    'bounds',
    () => `${of} runs ${partitions} partitions, its limit is ${worker.partitionLimit}`,
  );
}
