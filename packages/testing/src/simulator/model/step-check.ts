import type { EngineSnapshot, PartitionSnapshot } from '@kafka-worker/engine';
import type { HeldPartition, HeldRecord } from './held-partition.js';
import { TIMEOUT_GRACE_MS, type ModelCall } from './model-call.js';
import { keyOf, numberOf } from './names.js';
import { ofRetryTopic } from '../scenario/scenario.js';
import type { ProcessModel } from './process-model.js';

/** Looks at a process between two steps: everything that could happen at this moment has happened. */
export function checkStep(process: ProcessModel, snapshot: EngineSnapshot): void {
  process.noticePutBack((call) => !shownRunning(snapshot, call));
  noticeClaims(process, snapshot);
  checkEnds(process);
  checkAbandoned(process);
  for (const group of snapshot.groups) {
    const id = numberOf(group.groupId);
    if (process.assigning.has(id) || process.left.has(id)) continue;
    const shown = new Map(group.partitions.map((p) => [keyOf(id, numberOf(p.topic), p.partition), p]));
    for (const partition of process.ofGroup(id)) {
      const key = keyOf(id, partition.topic, partition.partition);
      const found = shown.get(key);
      shown.delete(key);
      if (found === undefined) process.violations.add('ownership', `${process.name} has forgotten ${partition.name}`);
      else {
        checkTruth(process, partition, found);
        checkBuffer(process, partition);
        checkFreezes(process, partition);
        checkGoingOn(process, partition, found);
        noticeHolds(process, partition);
      }
    }
    for (const key of shown.keys()) process.violations.add('ownership', `${process.name} keeps ${key}, which is gone`);
  }
}

/** `at-most-once`: claimed while a commit was under way, so that the one which passes it is still to come. */
function noticeClaims(process: ProcessModel, { groups }: EngineSnapshot): void {
  for (const { groupId, partitions } of groups) {
    for (const shown of partitions) {
      const partition = process.find(numberOf(groupId), numberOf(shown.topic), shown.partition);
      for (const { offset, state } of shown.runningRecords) {
        const held = partition?.unsettled.get(offset);
        if (state !== 'claiming' || partition === undefined || held === undefined) continue;
        if (held.phase !== 'claiming') process.claimed(partition, held);
      }
      for (const held of partition?.claiming ?? []) {
        const { offset } = held.record;
        if (shown.runningRecords.some((record) => record.offset === offset)) continue;
        // a commit was too large to be sent at all
        process.violations.expect(
          process.world.mapsMayBeLost,
          'truth',
          () => `${process.name}: ${partition?.name} ${offset} is claimed no more`,
        );
        partition?.unclaim(held);
      }
    }
  }
}

/** The engine shows a record that was cut off as running no more. */
function shownRunning(snapshot: EngineSnapshot, { partition, held }: ModelCall): boolean {
  return snapshot.groups
    .filter(({ groupId }) => numberOf(groupId) === partition.group)
    .flatMap(({ partitions }) => partitions)
    .filter((shown) => numberOf(shown.topic) === partition.topic && shown.partition === partition.partition)
    .some(({ runningRecords }) => runningRecords.some(({ offset }) => offset === held.record.offset));
}

/** Every handler that has ended has been heard, and every one that will not count has been told. */
function checkEnds(process: ProcessModel): void {
  const now = process.world.now();
  for (const call of process.running) {
    const { partition, held } = call;
    const what = `${process.name}: ${partition.name} ${held.record.offset}`;
    const { timeoutMs } = partition.worker;
    if (call.end !== undefined && !partition.dead) {
      process.violations.add('liveness', `${what}: its handler has ended (${call.end}) and nothing became of it`);
    }
    if (partition.dead && !call.signal.aborted) {
      process.violations.add('ownership', `${what}: its partition is gone and its signal has not been aborted`);
    }
    if (timeoutMs === undefined || partition.dead) continue;
    const over = now - call.startedAt - timeoutMs;
    if (over > 0 && !call.signal.aborted)
      process.violations.add('attempts', `${what} runs ${over} ms past its timeout`);
    if (over > TIMEOUT_GRACE_MS) process.violations.add('attempts', `${what} was not given up`);
  }
}

function checkAbandoned(process: ProcessModel): void {
  for (const { key, offset } of process.takeAbandoned()) {
    const held = process.held.get(key)?.unsettled.get(offset);
    process.violations.expect(
      held === undefined,
      'no-loss',
      () => `${process.name}: ${key} ${offset} abandoned, and held`,
    );
  }
}

function checkTruth(process: ProcessModel, partition: HeldPartition, shown: PartitionSnapshot): void {
  const real: Partial<Record<keyof PartitionSnapshot, unknown>> = {
    frontier: partition.frontier(false),
    position: partition.position,
    buffered: partition.buffered,
    parked: partition.unsettled.size - partition.buffered,
    running: partition.running.length + partition.claiming.length,
    paused: partition.paused || process.pausedWorkers.has(partition.workerIndex),
    lanes: partition.heads().length,
  };
  for (const [name, value] of Object.entries(real)) {
    const told = shown[name as keyof PartitionSnapshot];
    process.violations.expect(
      told === value,
      'truth',
      () => `${process.name}: ${partition.name} shows ${name} ${String(told)}, it is ${String(value)}`,
    );
  }
  // of those whose time is this very moment the timer may have fired or not
  const now = process.world.now();
  const least = partition.waiting.filter(({ notBefore }) => notBefore > now).length;
  const most = partition.waiting.filter(({ notBefore }) => notBefore >= now).length;
  const { waiting } = shown;
  const between = waiting >= least && waiting <= most;
  process.violations.expect(
    between,
    'truth',
    () => `${process.name}: ${partition.name} shows ${waiting} waiting, it is ${least}`,
  );
  const frozen = inOrder(partition.frozen.map(({ record }) => record.offset));
  const shownFrozen = inOrder(shown.frozen.map(({ offset }) => offset));
  process.violations.expect(
    frozen === shownFrozen,
    'truth',
    () => `${process.name}: ${partition.name} shows ${shownFrozen} frozen, it is ${frozen}`,
  );
}

function checkBuffer(process: ProcessModel, partition: HeldPartition): void {
  const bufferRecords = partition.worker.bufferRecords + (partition.recalled ? 1 : 0);
  process.violations.expect(
    partition.buffered <= bufferRecords,
    'bounds',
    () => `${process.name}: ${partition.name} buffers ${partition.buffered}, ${bufferRecords} are allowed`,
  );
}

/** A wait that is over while its partition stands no longer holds a serial worker's other partitions up. */
function noticeHolds(process: ProcessModel, partition: HeldPartition): void {
  const now = process.world.now();
  if (!process.stands(partition)) return;
  for (const held of partition.waiting) if (now >= held.notBefore) held.letOthersBy = true;
}

/** What may start and has a slot has started: there is no later moment in which it would. */
function checkGoingOn(process: ProcessModel, partition: HeldPartition, shown: PartitionSnapshot): void {
  const { worker, workerIndex } = partition;
  if (partition.refusing && !partition.standing && partition.buffered === 0 && !waitsUntilDue(process, partition)) {
    process.violations.add('liveness', `${process.name}: ${partition.name} is empty and asks for no records`);
  }
  if (process.stoppingSince !== undefined || partition.draining !== 'no') return;
  if (partition.paused || process.pausedWorkers.has(workerIndex)) return;
  if (partition.frozenWhole || partition.standing || partition.outputsMayStandInTheWay) return;
  const { maxConcurrency } = process.world.scenario.engine;
  if (process.running.size + process.claims() >= (maxConcurrency ?? Infinity)) return;
  const mine = [...process.running].filter((call) => call.partition.workerIndex === workerIndex);
  if (mine.length + process.claims(workerIndex) >= worker.limit) return;
  const others = [...process.held.values()].filter((other) => other.workerIndex === workerIndex);
  // a serial worker's slot waits along with a retry, until its time has come
  const now = process.world.now();
  const waits = others.some((other) =>
    [...other.unsettled.values()].some(
      ({ phase, notBefore, byOperator }) =>
        (phase === 'copied' && !byOperator) || (phase === 'waiting' && now <= notBefore),
    ),
  );
  if (worker.concurrency === 'serial' && waits) return;
  // who has a place is the worker's business, but somebody has to
  if (worker.partitionLimit !== undefined && mine.length + process.claims(workerIndex) > 0) return;
  // with maps that do not fit, what may be claimed is the first record only
  const tight = shown.mapHeld && worker.delivery === 'at-most-once';
  const bound = tight ? partition.frontier(false) + 1 : shown.mapHeld ? highestSettled(partition) : Infinity;
  const startable = partition.heads().find((head) => mayStart(head, now) && head.record.offset < bound);
  if (startable !== undefined) {
    process.violations.add(
      'liveness',
      `${process.name}: ${partition.name} ${startable.record.offset} could run and does not`,
    );
  }
}

function mayStart(held: HeldRecord, now: number): boolean {
  if (held.parked) return false;
  if (held.phase === 'queued') return true;
  return held.phase === 'waiting' && now > held.notBefore;
}

function highestSettled(partition: HeldPartition): number {
  return Math.max(partition.start - 1, ...partition.settled, ...partition.restored.map(({ to }) => to - 1));
}

/** A retry topic's next record may not be handled yet: the partition asks for it when its time has come. */
function waitsUntilDue(process: ProcessModel, { topic, log, position }: HeldPartition): boolean {
  if (ofRetryTopic(topic) === undefined) return false;
  const next = log.records.find(({ offset }) => offset >= position);
  return next?.dueAt !== undefined && next.dueAt >= process.world.now();
}

/** What froze stays frozen no longer than it should. */
function checkFreezes(process: ProcessModel, partition: HeldPartition): void {
  const now = process.world.now();
  for (const { record, frozenUntil } of partition.frozen) {
    if (frozenUntil === undefined || now <= frozenUntil) continue;
    process.violations.add(
      'attempts',
      `${process.name}: ${partition.name} ${record.offset} is frozen ${now - frozenUntil} ms too long`,
    );
  }
}

function inOrder(offsets: readonly number[]): string {
  return offsets.toSorted((a, b) => a - b).join();
}
