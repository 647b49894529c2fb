import type { DeliveryGuarantee } from '../delivery/guarantee.js';
import type { Task } from '../delivery/task.js';
import type {
  FreezeSnapshot,
  GroupSnapshot,
  PartitionSnapshot,
  RecordSnapshot,
  RecordState,
  WorkerSnapshot,
} from '../inspect.js';
import { sumDispositions } from '../instrumentation/topic-counts.js';
import { STOPPED, type Worker } from '../worker.js';
import type { GroupMember } from './member.js';
import type { PartitionAssignment } from './partition-assignment.js';

const KEY_CHARS = 64;

/** A member with its workers and partitions as plain data. O(unsettled records). */
export function snapshotGroup(member: GroupMember, now: number): GroupSnapshot {
  return {
    groupId: member.groupId,
    state: member.state,
    ...(member.error === undefined ? {} : { error: member.error.message }),
    generation: member.generation,
    memberId: member.memberId,
    ...(member.protocol === undefined ? {} : { protocol: member.protocol }),
    ...(member.lastRebalance === undefined ? {} : { lastRebalance: member.lastRebalance }),
    workers: member.workers.map((worker) => snapshotWorker(worker, now)),
    partitions: member.partitions.map((partition) => snapshotPartition(partition, now)),
    ...(member.disowned.length === 0 ? {} : { disowned: member.disowned }),
    ...(member.turnedAt === undefined ? {} : { turnedAt: member.turnedAt }),
  };
}

function snapshotWorker(worker: Worker, now: number): WorkerSnapshot {
  return {
    id: worker.id,
    groupId: worker.groupId,
    topics: worker.topics.map(String),
    concurrency: worker.options.concurrency,
    limit: worker.limit,
    running: worker.running,
    paused: worker.paused,
    delivery: deliveryName(worker.options.delivery),
    dispositions: sumDispositions(worker.counts.values()),
    ...(worker.budget === undefined ? {} : { deadLetterBudget: worker.budget.left(now) }),
  };
}

function snapshotPartition(partition: PartitionAssignment, now: number): PartitionSnapshot {
  const { tracker } = partition;
  const tasks = [...partition.tasks()];
  const frontier = tracker.frontier;
  return {
    topic: partition.topic,
    partition: partition.partition,
    worker: partition.worker.id,
    epoch: partition.epoch,
    since: partition.since,
    committed: partition.committed,
    frontier,
    position: tracker.position,
    highWatermark: partition.highWatermark,
    lag: Math.max(0, partition.highWatermark - frontier),
    buffered: partition.buffered,
    bufferedBytes: partition.bufferedBytes,
    lanes: partition.lanes.count,
    running: partition.running,
    waiting: partition.waiting,
    mapChars: partition.mapChars,
    ...(tracker.first === undefined ? {} : { heldBy: snapshotTask(tracker.first, now) }),
    runningRecords: tasks
      .filter(({ state }) => state === 'running' || state === 'claiming')
      .map((task) => snapshotTask(task, now)),
    frozen: [...snapshotStop(partition), ...tasks.flatMap(snapshotFreeze)],
    parked: partition.parked.size,
    ...(partition.held === undefined ? {} : { held: partition.held }),
    paused: partition.paused || partition.worker.paused,
    mapHeld: partition.mapHeld,
    draining: partition.draining,
  };
}

function snapshotTask(task: Task, now: number): RecordSnapshot {
  return {
    offset: task.offset,
    key: keyText(task),
    state: task.state as RecordState,
    attempt: task.attempt,
    ageMs: now - task.assignment.since - (task.startedAt < 0 ? task.takenAt : task.startedAt),
    ...(task.error === undefined ? {} : { error: task.error.message }),
  };
}

function snapshotFreeze(task: Task): FreezeSnapshot[] {
  const { frozen } = task;
  if (frozen === undefined) return [];
  return [
    {
      scope: frozen.scope,
      reason: frozen.reason,
      offset: task.offset,
      key: keyText(task),
      error: task.error?.message ?? '',
      since: frozen.since,
      ...(frozen.until === undefined ? {} : { unfreezesAt: frozen.until }),
    },
  ];
}

function snapshotStop({ stoppedSince, tracker }: PartitionAssignment): FreezeSnapshot[] {
  if (stoppedSince === undefined) return [];
  const offset = tracker.frontier;
  return [{ scope: 'partition', reason: 'operator', offset, key: null, error: STOPPED, since: stoppedSince }];
}

function deliveryName(delivery: DeliveryGuarantee): string {
  return typeof delivery === 'string' ? delivery : delivery.type;
}

function keyText(task: Task): string | null {
  return task.record.key?.toString('utf8').slice(0, KEY_CHARS) ?? null;
}
