import type { RecordMetadata } from '../driver/driver.js';
import type { EventHub } from '../events/emitter.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';
import type { Intake } from '../intake/intake.js';
import type { Turns } from '../lanes/turns.js';
import type { DeadLetterBudget } from './dead-letter-budget.js';
import type { Disposition } from './delivery.js';
import type { Task } from './task.js';

/** What every event about a partition names. */
export interface Whereabouts {
  readonly groupId: string;
  readonly worker: string;
  readonly topic: string;
  readonly partition: number;
}

/** Names a partition in an event. */
export function whereIs(partition: PartitionAssignment): Whereabouts {
  const { worker } = partition;
  return { groupId: worker.groupId, worker: worker.id, topic: partition.topic, partition: partition.partition };
}

/** Names a record in an event. */
export function whichIs(task: Task): Whereabouts & { readonly offset: number; readonly attempt: number } {
  return { ...whereIs(task.assignment), offset: task.offset, attempt: task.attempt };
}

/** Takes a record out of its lane and counts what became of it: the one place where a record ends. */
export class Settler {
  constructor(
    readonly events: EventHub,
    readonly intake: Intake,
    readonly turns: Turns,
    readonly budget: DeadLetterBudget | undefined,
  ) {}

  settle(
    task: Task,
    disposition: Exclude<Disposition, 'frozen' | 'abandoned'>,
    error: Error | undefined,
    to?: RecordMetadata,
  ): void {
    const partition = task.assignment;
    const { lane } = task;
    partition.bufferedBytes -= task.bytes;
    task.state = 'settled';
    task.frozen = undefined;
    if (task.released) {
      partition.released.delete(task);
      partition.tracker.keep(task);
    } else partition.tracker.settle(task);
    lane.shift();
    if (lane.head === undefined) partition.lanes.remove(lane);
    else if (lane.head.state === 'parked') lane.state = 'parked';
    else partition.lanes.makeReady(lane);
    partition.counts.dispositions[disposition]++;
    task.batch?.settled();
    if (disposition === 'done') this.budget?.success();
    if (disposition !== 'done' || this.events.wantsDone) {
      const base = { type: 'record.settled', ...whichIs(task), disposition } as const;
      this.events.emit({ ...base, ...(error === undefined ? {} : { error }), ...(to === undefined ? {} : { to }) });
    }
    partition.committer.note(partition);
    this.intake.settled(partition);
    if (partition.mapHeld) {
      partition.lanes.releaseBelow(partition.startBound); // the bound may have risen
      if (partition.running === 0 && !partition.lanes.hasReady) partition.reviewMap();
    }
    if (partition.lanes.hasReady) this.turns.offer(partition);
  }

  /** Its partition is gone while it was unsettled. */
  abandon(task: Task): void {
    task.assignment.counts.dispositions.abandoned++;
    task.batch?.settled();
    this.events.emit({ type: 'record.settled', ...whichIs(task), disposition: 'abandoned' });
  }
}
