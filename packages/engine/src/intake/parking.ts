import type { Task } from '../delivery/task.js';
import type { KafkaRecord } from '../driver/record.js';
import { SkipRecordError } from '../errors/steering.errors.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';
import type { Lane } from '../lanes/lane.js';

/*
 * Records behind a frozen one of their key would fill the buffer of their partition, and so stop keys that have nothing
 * to do with it. Their bytes are given up instead: only where they stand is remembered, and they are read again when
 * the lane goes on.
 */

/** Parked records of a partition at most, as a multiple of what its buffer takes: each is an object yet. */
const PARKED_FACTOR = 10;

/** Lanes of a key only: one that takes all of a partition in would have to read all of it to park it. */
export function isParkable(lane: Lane): boolean {
  return lane.key !== undefined;
}

/** @param records what the partition's buffer takes. */
export function mayPark(partition: PartitionAssignment, records: number): boolean {
  return partition.parked.size < records * PARKED_FACTOR;
}

/** Gives up the bytes of a record that no handler has. */
export function park(task: Task): void {
  const { assignment } = task;
  assignment.bufferedBytes -= task.bytes;
  assignment.parked.set(task.offset, task);
  task.park();
}

/** Parks everything behind the head of a lane that has just been frozen. */
export function parkBehind(head: Task): void {
  if (!isParkable(head.lane)) return;
  for (let task = head.nextInLane; task !== undefined; task = task.nextInLane) if (task.state === 'queued') park(task);
}

/** The record is there again. */
export function unpark(task: Task, record: KafkaRecord): void {
  const { assignment, lane } = task;
  readmit(task);
  task.record = record;
  task.state = 'queued';
  if (lane.head === task && lane.state === 'parked') assignment.lanes.makeReady(lane);
}

/** The record counts as one in memory again: it is settled without its bytes. */
export function readmit({ assignment, offset, bytes }: Task): void {
  if (assignment.parked.delete(offset)) assignment.bufferedBytes += bytes;
}

/** Has the client read again what lanes that go on need. */
export function recall(partition: PartitionAssignment): void {
  const offset = partition.fetchFrom;
  if (offset >= partition.tracker.position || !partition.alive) return;
  partition.refusing = false;
  partition.cursor = offset;
  partition.recalls++;
  const { topic, partition: number } = partition;
  partition.consumer.seek({ topic, partition: number, offset });
  partition.consumer.resume([{ topic, partition: number }]);
}

/**
 * The client has come to `offset`. What it should have handed over on the way, and has not, compaction or retention has
 * taken out of the log: such a record is skipped when its turn comes, so that its lane does not wait for it for ever.
 */
export function comeTo(partition: PartitionAssignment, offset: number): void {
  const { parked, cursor } = partition;
  partition.cursor = offset;
  if (parked.size === 0 || offset <= cursor) return;
  for (const task of missing(partition, cursor, offset)) {
    if (task.lane.state === 'frozen') continue; // it was passed over on purpose
    task.broken = new SkipRecordError('the log has no such record any more: it was removed while its key was frozen');
    unpark(task, task.record);
  }
}

function missing({ parked }: PartitionAssignment, from: number, to: number): Task[] {
  if (to - from > parked.size) return [...parked.values()].filter(({ offset }) => offset >= from && offset < to);
  const found: Task[] = [];
  for (let offset = from; offset < to; offset++) {
    const task = parked.get(offset);
    if (task !== undefined) found.push(task);
  }
  return found;
}
