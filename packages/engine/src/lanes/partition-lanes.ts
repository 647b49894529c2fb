import type { KafkaRecord } from '../driver/record.js';
import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { CompiledWorkerOptions } from '../options/worker-options.js';
import { Lane, LaneQueue } from './lane.js';

/** Where a record belongs; `broken` where its key could not be found out. */
export interface LaneChoice {
  readonly lane: Lane;
  readonly broken: Error | undefined;
}

type LaneOptions = Pick<CompiledWorkerOptions, 'concurrency' | 'orderBy' | 'nullKey'>;

/**
 * The lane that every record of the partition shares, and the one for null keys. No key of bytes is like it, since
 * latin1 ends at U+00FF; a string of `orderBy` that is gets that lane too, which orders more than asked, never less.
 */
const SHARED = '\u0100';

/** The lanes of one partition: which lane a record belongs to, and which lanes have something to start. */
export class PartitionLanes {
  /** Lanes that hold a record, by key; a lane of a single record is in none. */
  readonly #byKey = new Map<string, Lane>();
  readonly #ready = new LaneQueue();
  /** Lanes whose head lies above the bound; they come back with `releaseHeld`. */
  readonly #held = new LaneQueue();
  /** Lanes of single records. */
  #loose = 0;

  constructor(readonly options: LaneOptions) {}

  /** Lanes with at least one record. */
  get count(): number {
    return this.#byKey.size + this.#loose;
  }

  get hasReady(): boolean {
    return !this.#ready.empty;
  }

  get hasHeld(): boolean {
    return !this.#held.empty;
  }

  /** The lane a record belongs to, made if it is the first of its key. */
  choose(record: KafkaRecord): LaneChoice {
    const { concurrency, orderBy, nullKey } = this.options;
    if (concurrency === 'unordered') return { lane: this.#single(), broken: undefined };
    if (concurrency !== 'key') return { lane: this.#named(SHARED), broken: undefined };
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
      return { lane: nullKey === 'partition' ? this.#named(SHARED) : this.#single(), broken: undefined };
    }
    // latin1 maps each byte to one character, so that different bytes stay different keys
    return { lane: this.#named(typeof key === 'string' ? key : key.toString('latin1')), broken: undefined };
  }

  /** A lane whose head may start. */
  makeReady(lane: Lane): void {
    lane.state = 'ready';
    this.#ready.push(lane);
  }

  /** The next lane whose head lies below `bound`; those above it are set aside. */
  takeReady(bound: number): Lane | undefined {
    for (;;) {
      const lane = this.#ready.shift();
      if (lane === undefined || (lane.head?.offset ?? 0) < bound) return lane;
      lane.state = 'held';
      this.#held.push(lane);
    }
  }

  /** Puts every lane that was set aside back into the queue. */
  releaseHeld(): void {
    for (let lane = this.#held.shift(); lane !== undefined; lane = this.#held.shift()) this.makeReady(lane);
  }

  /** Takes a ready or held lane out of its queue: its head is settled without a start. O(lanes); operators only. */
  withdraw(lane: Lane): void {
    (lane.state === 'held' ? this.#held : this.#ready).remove(lane);
  }

  /** The lane's last record is settled. */
  remove(lane: Lane): void {
    lane.state = 'idle';
    if (lane.key === undefined) this.#loose--;
    else this.#byKey.delete(lane.key);
  }

  #named(key: string): Lane {
    let lane = this.#byKey.get(key);
    if (lane === undefined) {
      lane = new Lane(key);
      this.#byKey.set(key, lane);
    }
    return lane;
  }

  #single(): Lane {
    this.#loose++;
    return new Lane(undefined);
  }
}
