import {
  type Assignment,
  type DriverConsumerState,
  partitionKey,
  type RecordBatch,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';

interface Held {
  /** False from `revoking` on, and until the `assigned` that gave it has settled. */
  open: boolean;
  /** Asked for since the last `assigned`. */
  revoked: boolean;
  paused: boolean;
  full: boolean;
  /** Least offset that may come next. Undefined: the driver chose the position. */
  next: number | undefined;
  /** How often the engine moved the position. */
  moves: number;
}

/**
 * The rules of order of the driver port (`DriverConsumerListener`), looked at with everything that a member is told in
 * every case. What breaks one is noted, and fails the case when it ends.
 */
export class Rules {
  readonly violations: string[] = [];
  readonly #held = new Map<string, Held>();
  readonly #states: DriverConsumerState[] = [];
  #memberId: string | undefined;
  #assigning = false;
  #started = false;
  #over = false;
  /** The engine's call that is running: nothing may be told from within it. */
  #calling: string | undefined;

  /** `name`: of the member, for messages. */
  constructor(private readonly name: string) {}

  starting(): void {
    this.#started = true;
  }

  /** `stop()` has resolved. */
  stopped(): void {
    const told = this.#states.at(-1);
    if (this.#states.length > 0 && told !== 'stopped') this.#broken(`stop() resolved in state ${told}`);
    this.#over = true;
  }

  /** Runs a call of the engine. */
  during<T>(call: string, run: () => T): T {
    const before = this.#calling;
    this.#calling = call;
    try {
      return run();
    } finally {
      this.#calling = before;
    }
  }

  paused(partitions: readonly TopicPartition[], paused: boolean): void {
    for (const held of this.#find(partitions)) {
      held.paused = paused;
      if (!paused) held.full = false;
    }
  }

  sought({ offset, ...partition }: StartPosition): void {
    for (const held of this.#find([partition])) {
      held.next = offset;
      held.moves++;
      held.full = false;
    }
  }

  assigned({ memberId, partitions }: Assignment): void {
    this.#told('assigned');
    if (this.#assigning) this.#broken('assigned beside an assigned that has not settled');
    this.#assigning = true;
    if (memberId === '') this.#broken('assigned without a member id');
    if (this.#held.size > 0 && this.#memberId !== memberId) {
      this.#broken(`assigned as ${memberId} while what ${this.#memberId} held was not told as lost`);
    }
    this.#memberId = memberId;
    const given = new Set(partitions.map(keyOf));
    if (given.size !== partitions.length) this.#broken('assigned with a partition twice');
    for (const [key, held] of this.#held) {
      if (given.has(key)) continue;
      if (!held.revoked) this.#broken(`${key} is gone without revoking or lost`);
      this.#held.delete(key);
    }
    for (const key of given) {
      const held = this.#held.get(key);
      const { paused, next, moves } = held ?? { paused: false, next: undefined, moves: 0 };
      this.#held.set(key, { open: false, revoked: false, full: false, paused, next, moves });
    }
  }

  /** `assigned` settles, in the same turn. */
  positions(positions: readonly StartPosition[]): void {
    this.#assigning = false;
    for (const held of this.#held.values()) if (!held.revoked) held.open = true;
    for (const { offset, ...partition } of positions) for (const held of this.#find([partition])) held.next = offset;
  }

  revoking(partitions: readonly TopicPartition[], deadlineMs: number): void {
    this.#told('revoking');
    if (!(deadlineMs > 0)) this.#broken(`revoking with a deadline of ${deadlineMs} ms`);
    for (const partition of partitions) {
      const held = this.#held.get(keyOf(partition));
      if (!held) this.#broken(`revoking of ${keyOf(partition)}, which is not held`);
      else if (held.revoked) this.#broken(`revoking of ${keyOf(partition)} twice`);
      if (held) Object.assign(held, { open: false, revoked: true });
    }
  }

  lost(partitions: readonly TopicPartition[], cause: Error): void {
    this.#told('lost');
    if (!(cause instanceof Error)) this.#broken('lost without a cause');
    if (partitions.length === 0) this.#broken('lost of nothing');
    for (const partition of partitions) {
      if (!this.#held.delete(keyOf(partition))) this.#broken(`lost of ${keyOf(partition)}, which is not held`);
    }
  }

  /** `taken`: how many of them the engine takes. Called when they were looked at, before anything else happens. */
  records({ records, ...batch }: RecordBatch, taken: () => number): number {
    this.#told('records');
    const key = keyOf(batch);
    const held = this.#held.get(key);
    if (this.#assigning) this.#broken(`records of ${key} while assigned is being answered`);
    if (!held) this.#broken(`records of ${key}, which is not held`);
    else if (!held.open) this.#broken(`records of ${key} ${held.revoked ? 'after revoking' : 'before assigned'}`);
    else if (held.paused) this.#broken(`records of ${key}, which is paused`);
    else if (held.full) this.#broken(`records of ${key}, which is full`);
    if (records.length === 0) this.#broken(`a batch of ${key} without records`);
    let next = held?.next ?? 0;
    for (const { offset, topic, partition } of records) {
      if (offset < next) this.#broken(`${key} hands over ${offset} where ${next} or more is next`);
      if (topic !== batch.topic || partition !== batch.partition) this.#broken(`a record of ${topic}/${partition}`);
      next = offset + 1;
    }
    if (batch.highWatermark < next) this.#broken(`${key}: high watermark ${batch.highWatermark} below ${next}`);
    if (!held) return taken();
    // Set before the engine looks at them, since it may seek or resume meanwhile.
    held.full = true;
    const { moves } = held;
    const count = this.during('records', taken);
    const last = records[count - 1];
    if (held.moves === moves && last) held.next = last.offset + 1;
    if (count >= records.length) held.full = false;
    return count;
  }

  state(state: DriverConsumerState): void {
    this.#told(`state ${state}`);
    if (this.#states.length === 0 && state !== 'connecting') this.#broken(`the first state is ${state}`);
    if (this.#states.at(-1) === 'stopped') this.#broken(`state ${state} after stopped`);
    if (state === 'joined' && this.#assigning) this.#broken('state joined before assigned has settled');
    this.#states.push(state);
  }

  #told(what: string): void {
    if (!this.#started) this.#broken(`${what} before start`);
    if (this.#over) this.#broken(`${what} after stop had resolved`);
    if (this.#calling !== undefined && !what.startsWith('state') && what !== 'lost') {
      this.#broken(`${what} from within ${this.#calling}`);
    }
  }

  #find(partitions: readonly TopicPartition[]): Held[] {
    return partitions.flatMap((partition) => this.#held.get(keyOf(partition)) ?? []);
  }

  #broken(what: string): void {
    this.violations.push(`${this.name}: ${what}`);
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}
