import { LaneOrder } from './lane-order.js';
import { NumberSet } from './number-set.js';
import type { OrderRule, WorkEntry } from './work-entry.js';

/** Up to where a group has committed, and where the log ends. */
export interface PartitionEnds {
  readonly partition: number;
  /** 0 where nothing is committed. */
  readonly committed: number;
  readonly end: number;
}

/** Counts of one topic. */
export interface TopicTotals {
  readonly topic: string;
  /** Records in the log. */
  readonly produced: number;
  /** Records handled to the end, each counted once. */
  readonly finished: number;
  /** Records below the committed offsets. */
  readonly committed: number;
  /** Finished above the committed offsets: the done-set knows them. */
  readonly ahead: number;
  /** Neither finished nor committed: the next run of the group gets them. */
  readonly left: number;
  /** Committed and never finished. */
  readonly lost: number;
  /** Handled to the end once more. */
  readonly again: number;
  readonly failedAttempts: number;
  readonly violations: number;
}

/** What happened to the records of one topic. Logs start at 0 and have no gaps here: the demo creates its topics. */
export class TopicLedger {
  readonly #lanes = new Map<string, LaneOrder>();
  readonly #finished = new Map<number, NumberSet>();
  /** Orders that are through this topic. */
  readonly orderIds = new NumberSet(1);
  #finishedCount = 0;
  again = 0;
  failedAttempts = 0;
  violations = 0;

  constructor(
    readonly topic: string,
    private readonly rule: OrderRule,
  ) {}

  get finished(): number {
    return this.#finishedCount;
  }

  /** @returns what is wrong, if anything is. */
  start(member: number, entry: WorkEntry): string | undefined {
    const lane = this.#lane(entry);
    if (lane === undefined) return undefined;
    const again = this.#done(entry.partition).has(entry.offset);
    const wrong = lane.order.start({ member, seq: lane.seq, offset: entry.offset, again });
    if (wrong === undefined) return undefined;
    this.violations++;
    return `${this.topic}/${entry.partition}@${entry.offset}, ${lane.name}: ${wrong}`;
  }

  /** @returns false where the record had been finished before. */
  done(member: number, entry: WorkEntry): boolean {
    const lane = this.#lane(entry);
    lane?.order.done({ member, seq: lane.seq, offset: entry.offset });
    this.orderIds.add(entry.orderId);
    if (!this.#done(entry.partition).add(entry.offset)) {
      this.again++;
      return false;
    }
    this.#finishedCount++;
    return true;
  }

  failed(member: number, entry: WorkEntry): void {
    this.failedAttempts++;
    const lane = this.#lane(entry);
    lane?.order.failed({ member, seq: lane.seq, offset: entry.offset });
  }

  memberGone(member: number): void {
    for (const lane of this.#lanes.values()) lane.forget(member);
  }

  totals(ends: readonly PartitionEnds[]): TopicTotals {
    let [produced, committed, lost, ahead] = [0, 0, 0, 0];
    for (const partition of ends) {
      const done = this.#done(partition.partition);
      produced += partition.end;
      committed += partition.committed;
      lost += done.missingBelow(partition.committed);
      ahead += done.countFrom(partition.committed);
    }
    const { topic, finished, again, failedAttempts, violations } = this;
    const left = Math.max(0, produced - finished - lost);
    return { topic, produced, finished, committed, ahead, left, lost, again, failedAttempts, violations };
  }

  #done(partition: number): NumberSet {
    let done = this.#finished.get(partition);
    if (done === undefined) this.#finished.set(partition, (done = new NumberSet()));
    return done;
  }

  #lane(entry: WorkEntry): { order: LaneOrder; seq: number; name: string } | undefined {
    if (this.rule === 'unordered') return undefined;
    const byKey = this.rule === 'key';
    const name = byKey ? `customer ${entry.key}` : `partition ${entry.partition}`;
    let order = this.#lanes.get(name);
    if (order === undefined) this.#lanes.set(name, (order = new LaneOrder()));
    return { order, name, seq: byKey ? entry.seq : entry.offset + 1 };
  }
}
