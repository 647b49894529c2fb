import { MAX_TIMER_MS, type Clock } from '../clock.js';
import type { EventHub } from '../events/emitter.js';
import type { FreezeReason } from '../events/events.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';
import { parkBehind, recall } from '../intake/parking.js';
import type { FreezePolicy } from './failure-policy.js';
import { type Settler, whichIs } from './settler.js';
import type { Task } from './task.js';

/** What a freezer works with. */
export interface FreezerSite {
  readonly clock: Clock;
  readonly events: EventHub;
  readonly settler: Settler;
  /** Settles a record that nobody handles any more. */
  skip(task: Task): void;
  reconsider(partition: PartitionAssignment): void;
}

/** Stops lanes and partitions at failed records, and lets them go on. */
export class Freezer {
  constructor(readonly site: FreezerSite) {}

  freeze(task: Task, policy: FreezePolicy, reason: FreezeReason, error: Error): void {
    const { clock, events, settler } = this.site;
    const { scope, unfreezeAfterMs } = policy;
    const partition = task.assignment;
    const since = clock.now();
    const until = unfreezeAfterMs === undefined ? undefined : since + unfreezeAfterMs;
    task.state = 'frozen';
    task.error = error;
    task.frozen = { scope, reason, since, until };
    task.lane.state = 'frozen';
    partition.standing.add(task);
    // with another record of the partition frozen already, the first one stays its reason
    if (scope === 'partition') partition.frozenAt ??= task;
    else {
      parkBehind(task);
      settler.intake.settled(partition);
    }
    partition.counts.dispositions.frozen++;
    events.emit({ type: 'frozen', ...whichIs(task), scope, reason, error, unfreezeInMs: unfreezeAfterMs });
    if (unfreezeAfterMs !== undefined) {
      task.timer = clock.setTimer(() => this.#timeIsUp(task), Math.min(unfreezeAfterMs, MAX_TIMER_MS));
    }
  }

  /** Records of this partition that stand frozen. */
  frozenTasks(partition: PartitionAssignment): Task[] {
    return [...partition.standing].sort((one, other) => one.offset - other.offset);
  }

  /** Goes on at everything that is frozen: with a new set of attempts, or past it. */
  unfreeze(partition: PartitionAssignment, skip: boolean): void {
    for (const task of this.frozenTasks(partition)) this.#goOn(task, skip, 'operator');
    partition.frozenAt = undefined;
    recall(partition);
    this.site.reconsider(partition);
  }

  /** The record is settled otherwise: another one may have frozen the partition too. */
  forget(task: Task): void {
    const { assignment } = task;
    this.#clearTimer(task);
    task.frozen = undefined;
    assignment.standing.delete(task);
    if (assignment.frozenAt !== task) return;
    assignment.frozenAt = this.frozenTasks(assignment).find(
      (other) => other !== task && other.frozen?.scope === 'partition',
    );
  }

  #timeIsUp(task: Task): void {
    task.timer = undefined;
    const partition = task.assignment;
    if (!partition.alive || task.state !== 'frozen') return;
    this.#goOn(task, false, 'timer');
    this.forget(task);
    recall(partition);
    this.site.reconsider(partition);
  }

  #goOn(task: Task, skip: boolean, by: 'operator' | 'timer'): void {
    this.#clearTimer(task);
    const scope = task.frozen?.scope ?? 'key';
    if (by === 'operator') task.delays = undefined;
    task.attempt = 0;
    task.frozen = undefined;
    task.assignment.standing.delete(task);
    if (skip) this.site.skip(task);
    else {
      task.state = 'queued';
      task.assignment.lanes.makeReady(task.lane);
    }
    this.site.events.emit({ type: 'unfrozen', ...whichIs(task), scope, skipped: skip, by });
  }

  #clearTimer(task: Task): void {
    if (task.timer === undefined) return;
    this.site.clock.clearTimer(task.timer);
    task.timer = undefined;
  }
}
