import type { Clock, TimerHandle } from '../clock.js';
import type { GroupDescription } from '../driver/driver.js';
import { partitionKey, type TopicPartition } from '../driver/record.js';

/** The member that is watched. */
export interface WatchedMember {
  readonly memberId: string;
  /** What it believes it owns and is not about to give back; empty while it is not joined. */
  believed(): readonly TopicPartition[];
  /** Changes with every join and every loss: an answer from before it says nothing. */
  readonly joins: number;
  /** Undefined where the client cannot ask. */
  describe(): Promise<GroupDescription> | undefined;
  /** What is owned by belief only; told when it changes. */
  disowned(partitions: readonly TopicPartition[]): void;
}

/**
 * Compares what a member believes it owns with what the broker says. They differ for a moment in every rebalance; where
 * they do twice in a row without a join between, the member reads nothing and does not know it (seen with clients that
 * missed a generation): by every other sign it would be healthy.
 */
export class OwnershipWatch {
  #timer: TimerHandle;
  #closed = false;
  /** What the last answer did not know of, and when it was asked for. */
  #suspected: { readonly keys: ReadonlySet<string>; readonly joins: number } = { keys: new Set(), joins: -1 };
  #disowned: readonly TopicPartition[] = [];

  constructor(
    readonly member: WatchedMember,
    readonly clock: Clock,
    readonly everyMs: number,
  ) {
    this.#later();
  }

  /** A join or a loss: what was found before says nothing any more. */
  startAnew(): void {
    if (!this.#closed) this.#conclude([]);
  }

  close(): void {
    this.#closed = true;
    this.clock.clearTimer(this.#timer);
  }

  #later(): void {
    if (this.#closed) return;
    this.#timer = this.clock.setTimer(() => {
      void this.#look().finally(() => this.#later());
    }, this.everyMs);
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { member } = this;
    const { joins } = member;
    const group = await this.#ask();
    if (this.#closed) return;
    if (joins !== member.joins) return this.#conclude([]);
    // nobody answered, or it is being dealt out right now: neither says anything
    if (group === undefined || group.state === 'PreparingRebalance' || group.state === 'CompletingRebalance') return;
    const owned = new Set(
      group.members
        .filter(({ memberId }) => memberId === member.memberId)
        .flatMap(({ partitions }) => partitions.map(keyOf)),
    );
    const missing = member.believed().filter((partition) => !owned.has(keyOf(partition)));
    const before = this.#suspected;
    this.#suspected = { keys: new Set(missing.map(keyOf)), joins };
    this.#conclude(before.joins === joins ? missing.filter((partition) => before.keys.has(keyOf(partition))) : []);
  }

  /** Undefined: nobody answered, in whatever way. */
  async #ask(): Promise<GroupDescription | undefined> {
    try {
      return await this.member.describe();
    } catch {
      return undefined;
    }
  }

  #conclude(partitions: readonly TopicPartition[]): void {
    const changed = partitions.map(keyOf).join() !== this.#disowned.map(keyOf).join();
    this.#disowned = partitions;
    if (changed) this.member.disowned(partitions);
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return partitionKey(topic, partition);
}
