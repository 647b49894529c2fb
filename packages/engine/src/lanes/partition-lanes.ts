import type { Task } from '../delivery/task.js';
import type { KafkaRecord } from '../driver/record.js';
import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { CompiledWorkerOptions } from '../options/worker-options.js';
import { HeldLanes } from './held-lanes.js';
import { Lane, LaneQueue } from './lane.js';
import { LaneTable } from './lane-table.js';

/** Where a record belongs; `broken` where its key could not be found out. */
export interface LaneChoice {
  readonly lane: Lane;
  readonly broken: Error | undefined;
}

type LaneOptions = Pick<CompiledWorkerOptions, 'concurrency' | 'orderBy' | 'nullKey'>;

/** The lanes of one partition: which lane a record belongs to, and which lanes have something to start. */
export class PartitionLanes {
  /** Lanes that hold a record, by key. */
  readonly #byKey = new LaneTable();
  /** The lane of records that share one without a key: all of the partition, or those whose key is null. */
  readonly #shared = new Lane(undefined);
  readonly #ready = new LaneQueue();
  /**
   * Ready lanes that are behind: their head came before that of the next lane in `#ready`. They go first, so that the
   * lane of a frequent key is not made to wait in a line of lanes that have little left to do.
   */
  readonly #late = new LaneQueue();
  /** Lanes whose head lies above the bound; they come back with `releaseBelow`. */
  readonly #held = new HeldLanes();
  /** Lanes of single records. */
  #loose = 0;

  constructor(readonly options: LaneOptions) {}

  /** Lanes with at least one record. */
  get count(): number {
    return this.#byKey.size + this.#loose + (this.#shared.head === undefined ? 0 : 1);
  }

  get hasReady(): boolean {
    return this.#ready.first !== undefined || this.#late.first !== undefined;
  }

  /** Something was set aside. */
  get hasHeld(): boolean {
    return !this.#held.isEmpty;
  }

  /** The lane a record belongs to, made if it is the first of its key. */
  choose(record: KafkaRecord): LaneChoice {
    const { concurrency, orderBy, nullKey } = this.options;
    if (concurrency === 'unordered') return { lane: this.#single(), broken: undefined };
    if (concurrency !== 'key') return { lane: this.#shared, broken: undefined };
    let key: string | Buffer | null | undefined = record.key;
    if (orderBy !== undefined) {
      try {
        key = orderBy(record);
      } catch (thrown) {
        const cause = ensureError(thrown);
        const broken = new KafkaWorkerError('ORDER_BY', `orderBy threw: ${cause.message}`, { cause });
        return { lane: this.#single(), broken };
      }
    }
    if (key === null || key === undefined) {
      return { lane: nullKey === 'partition' ? this.#shared : this.#single(), broken: undefined };
    }
    return { lane: this.#named(typeof key === 'string' ? Buffer.from(key) : key), broken: undefined };
  }

  /** A lane whose head may start. */
  makeReady(lane: Lane): void {
    lane.state = 'ready';
    const next = this.#ready.first;
    const late = next !== undefined && (lane.head as Task).offset < (next.head as Task).offset;
    (late ? this.#late : this.#ready).push(lane);
  }

  /** The next lane whose head lies below `bound`; those above it are set aside. */
  takeReady(bound: number): Lane | undefined {
    for (;;) {
      const lane = this.#late.shift() ?? this.#ready.shift();
      if (lane === undefined || (lane.head?.offset ?? 0) < bound) return lane;
      lane.state = 'held';
      this.#held.push(lane);
    }
  }

  /** Puts every lane that was set aside and lies below `bound` back into the queue. */
  releaseBelow(bound: number): void {
    for (let lane = this.#held.shiftBelow(bound); lane !== undefined; lane = this.#held.shiftBelow(bound)) {
      this.makeReady(lane);
    }
  }

  /** Takes a ready or held lane out of its queue: its head is settled without a start. O(lanes); operators only. */
  withdraw(lane: Lane): void {
    for (const place of [this.#held, this.#late, this.#ready]) place.remove(lane);
  }

  /** The lane's last record is settled. */
  remove(lane: Lane): void {
    lane.state = 'idle';
    if (lane.key !== undefined) this.#byKey.delete(lane);
    else if (lane !== this.#shared) this.#loose--;
  }

  /** Takes back a lane that was chosen for a record which is not taken after all. */
  drop(lane: Lane): void {
    if (lane.head === undefined) this.remove(lane);
  }

  #named(key: Uint8Array): Lane {
    return this.#byKey.find(key) ?? this.#byKey.add(key);
  }

  #single(): Lane {
    this.#loose++;
    return new Lane(undefined);
  }
}
