import { MAX_TIMER_MS, type Clock } from '../clock.js';
import { readDueAt } from '../delivery/origin-headers.js';
import { whereIs } from '../delivery/settler.js';
import { Task } from '../delivery/task.js';
import { recordBytes, type KafkaRecord, type RecordBatch } from '../driver/record.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';
import type { CompiledWorkerOptions } from '../options/worker-options.js';
import { BatchTally } from '../instrumentation/batch-tally.js';
import type { WorkerInstrumentation } from '../instrumentation/worker-instrumentation.js';
import { comeTo, isParkable, mayPark, park, unpark } from './parking.js';

/** A partition that refused records takes some again when it holds no more than this share of its budget. */
const LOW_WATER = 0.5;

/** What became of a batch. */
export interface Taken {
  /** Records from the front that were taken. */
  readonly taken: number;
  /** Of these, how many an earlier assignment had settled already. */
  readonly passed: number;
}

/**
 * Takes records into their lanes as far as the budget of their partition allows; a full partition refuses, and only
 * itself. The budget counts what is unsettled and in memory: queued, running, waiting and frozen.
 */
export class Intake {
  /**
   * The partition whose records are being offered in this very call. Room that its handlers make meanwhile is used at
   * once: a `resume` now would come before the client knows that it was refused anything, and be lost.
   */
  #offering: PartitionAssignment | undefined;

  constructor(
    readonly budget: CompiledWorkerOptions['buffer'],
    readonly clock: Clock,
    /** Wants to know of batches; undefined: nobody does. */
    readonly instrumentation: WorkerInstrumentation | undefined,
  ) {}

  /**
   * @param start called after records were taken: what it starts may settle at once, and make room for more of them.
   */
  take(partition: PartitionAssignment, batch: RecordBatch, start: () => void): Taken {
    const { records } = batch;
    partition.highWatermark = batch.highWatermark;
    this.#offering = partition;
    let taken = 0;
    let passed = 0;
    const { recalls } = partition;
    do {
      const more = this.#takeFrom(partition, records, taken);
      taken = more.taken;
      passed += more.passed;
      partition.refusing = taken < records.length;
      start();
    } while (taken < records.length && !partition.refusing && partition.alive && partition.recalls === recalls);
    this.#offering = undefined;
    partition.counts.redeliveredDone += passed;
    return { taken, passed };
  }

  /** Takes what there is room for, from the record at `index` on. */
  #takeFrom(partition: PartitionAssignment, records: readonly KafkaRecord[], index: number): Taken {
    const { tracker, lanes } = partition;
    const wall = this.clock.now();
    const now = wall - partition.since;
    let passed = 0;
    let taken = index;
    const tally = this.instrumentation?.batch === undefined ? undefined : new BatchTally();
    let first = 0;
    if (partition.held !== undefined) return { taken, passed };
    for (; taken < records.length; taken++) {
      const record = records[taken] as KafkaRecord;
      comeTo(partition, record.offset);
      // clients deliver again from the committed offset after a join; what was taken before is known already
      if (record.offset < tracker.position) {
        const task = partition.parked.get(record.offset);
        if (task === undefined || task.lane.state === 'frozen') continue;
        // the first of all is what everything in the buffer may be waiting for
        if (task !== tracker.first && this.#full(partition, record)) break;
        unpark(task, record);
        continue;
      }
      if (tracker.wasSettled(record.offset)) {
        tracker.pass(record.offset);
        passed++;
        continue;
      }
      if (partition.delayMs !== undefined && this.#tooEarly(partition, record, wall)) break;
      const { lane, broken } = lanes.choose(record);
      const parks = isParkable(lane) && lane.head?.frozen?.scope === 'key';
      if (parks ? !mayPark(partition, this.budget.records) : this.#full(partition, record)) {
        lanes.drop(lane);
        break;
      }
      const task = new Task(record, partition, lane, now, broken);
      if (tally !== undefined) {
        if (tally.left++ === 0) first = record.offset;
        task.batch = tally;
      }
      tracker.deliver(task);
      partition.bufferedBytes += task.bytes;
      lane.push(task);
      if (lane.state === 'idle') lanes.makeReady(lane);
      else if (parks) park(task);
    }
    if (tally !== undefined && tally.left > 0) {
      tally.scope = this.instrumentation?.batch?.({ ...whereIs(partition), firstOffset: first, count: tally.left });
    }
    return { taken, passed };
  }

  /** Something was settled or parked: a partition that refused may have room. */
  settled(partition: PartitionAssignment): void {
    if (!partition.refusing || partition.held !== undefined) return;
    const { records, bytes } = this.budget;
    const { standing, standingBytes } = partition;
    // what is frozen stays: to wait until half of all is free could be to wait for ever
    if (partition.buffered - standing.size > (records - standing.size) * LOW_WATER) return;
    if (partition.bufferedBytes - standingBytes > Math.max(0, bytes - standingBytes) * LOW_WATER) return;
    if (partition.notBefore > this.clock.now()) return;
    this.#resume(partition);
  }

  /** The partition goes: it asks for nothing more. */
  close(partition: PartitionAssignment): void {
    this.clock.clearTimer(partition.dueTimer);
    partition.dueTimer = undefined;
  }

  #resume(partition: PartitionAssignment): void {
    partition.refusing = false;
    if (this.#offering !== partition) partition.consumer.resume([partition]);
  }

  /**
   * Records of a retry topic stand in the order in which they are due: while the first is not, the partition waits, and
   * the client holds its records.
   */
  #tooEarly(partition: PartitionAssignment, record: KafkaRecord, now: number): boolean {
    const due = readDueAt(record) ?? record.timestamp + (partition.delayMs ?? 0);
    if (due <= now) return false;
    this.close(partition);
    partition.notBefore = due;
    partition.dueTimer = this.clock.setTimer(
      () => {
        partition.dueTimer = undefined;
        partition.notBefore = 0;
        if (partition.alive) this.settled(partition);
      },
      Math.min(due - now, MAX_TIMER_MS),
    );
    return true;
  }

  /** A record larger than what is free is taken when nothing else moves: it would never fit otherwise. */
  #full(partition: PartitionAssignment, record: KafkaRecord): boolean {
    const { buffered, standing } = partition;
    if (buffered >= this.budget.records) return true;
    return buffered > standing.size && partition.bufferedBytes + recordBytes(record) > this.budget.bytes;
  }
}
