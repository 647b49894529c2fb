import { partitionKey, type TopicPartition } from '@kafka-worker/engine';
import { HeldPartition } from './held-partition.js';

/** Partitions by topic, as kafkajs tells them. */
export type GivenByTopic = Readonly<Record<string, readonly number[]>>;

/**
 * What this member has, as three parties see it: the driver (`held`), the group (`claimed`: given by a join and not let
 * go of since) and the engine (`told`). They differ while a join is being dealt with.
 */
export class Holdings {
  private held = new Map<string, HeldPartition>();
  /** Of the last join. */
  private given: ReadonlyMap<string, TopicPartition> = new Map();
  private claimed: ReadonlyMap<string, TopicPartition> = new Map();
  private told: ReadonlyMap<string, TopicPartition> = new Map();
  /** What of `told` was not ours in a join that the engine was not told of. */
  private readonly away = new Set<string>();
  /** Generation since which `claimed` is what it is. */
  since = -1;

  get size(): number {
    return this.held.size;
  }

  find(topic: string, partition: number): HeldPartition | undefined {
    return this.held.get(partitionKey(topic, partition));
  }

  /** What kafkajs may fetch: it was given, and the engine has said where it stands. */
  *fetchable(): Iterable<HeldPartition> {
    for (const held of this.held.values()) if (held.standing === 'open' && this.given.has(held.key)) yield held;
  }

  /** What the last join gave, and is held. */
  *mine(): Iterable<HeldPartition> {
    for (const held of this.held.values()) if (this.given.has(held.key)) yield held;
  }

  get claims(): readonly TopicPartition[] {
    return [...this.claimed.values()];
  }

  isClaimed({ topic, partition }: TopicPartition): boolean {
    return this.claimed.has(partitionKey(topic, partition));
  }

  /** A join before which everything was let go of: what it does not give is gone. */
  replace(given: GivenByTopic, generation: number): void {
    this.give(given);
    for (const key of [...this.held.keys()]) if (!this.given.has(key)) this.remove(key);
    this.reclaim(generation);
  }

  /**
   * A join with everything still at work. What it does not give stays held, to be let go of, where nobody else was given
   * it; the rest has just gone to others. Returns that, as far as the engine knows of it.
   */
  merge(given: GivenByTopic, generation: number, isKeptBack: (key: string) => boolean): readonly TopicPartition[] {
    this.give(given);
    const lost: TopicPartition[] = [];
    for (const [key, { topic, partition }] of [...this.held]) {
      if (this.given.has(key) || isKeptBack(key)) continue;
      this.held.delete(key);
      if (this.forget(key)) lost.push({ topic, partition });
    }
    this.reclaim(generation);
    return lost;
  }

  /**
   * What the engine has and was not asked for yet.
   * @param all else only what the last join did not give
   */
  askable(all: boolean): HeldPartition[] {
    return [...this.held.values()].filter(
      ({ key, standing }) => standing !== 'leaving' && this.told.has(key) && (all || !this.given.has(key)),
    );
  }

  /** Lets go of everything that the last join did not give; true where there was something. */
  release(generation: number): boolean {
    const gone = [...this.held.keys()].filter((key) => !this.given.has(key));
    for (const key of gone) this.remove(key);
    this.reclaim(generation);
    return gone.length > 0;
  }

  /** The engine is told that it has just these. What of it was somebody else's since it was told last comes back. */
  tell(partitions: readonly TopicPartition[]): readonly TopicPartition[] {
    const back = partitions.filter(({ topic, partition }) => this.away.has(partitionKey(topic, partition)));
    this.told = new Map(partitions.map((one) => [partitionKey(one.topic, one.partition), one]));
    this.away.clear();
    return back;
  }

  /** One is not read on; for the group it is this member's still. True where the engine knows of it. */
  drop(held: HeldPartition): boolean {
    this.held.delete(held.key);
    return this.forget(held.key);
  }

  /** Everything is somebody else's. Returns what the engine has to be told of. */
  clear(): readonly TopicPartition[] {
    const lost = [...this.told.values()];
    this.held.clear();
    this.given = new Map();
    this.claimed = new Map();
    this.told = new Map();
    this.away.clear();
    return lost;
  }

  private give(given: GivenByTopic): void {
    const all = new Map<string, TopicPartition>();
    for (const [topic, partitions] of Object.entries(given)) {
      for (const partition of partitions) {
        const key = partitionKey(topic, partition);
        all.set(key, { topic, partition });
        if (!this.held.has(key)) this.held.set(key, new HeldPartition(topic, partition));
      }
    }
    this.given = all;
  }

  private remove(key: string): void {
    this.held.delete(key);
    if (this.told.has(key)) this.away.add(key);
  }

  private forget(key: string): boolean {
    const told = new Map(this.told);
    const known = told.delete(key);
    this.told = told;
    return known;
  }

  private reclaim(generation: number): void {
    const before = this.claimed;
    const kept = [...this.held].map(([key, { topic, partition }]): [string, TopicPartition] => [
      key,
      { topic, partition },
    ]);
    this.claimed = new Map([...this.given, ...kept]);
    const same = before.size === this.claimed.size && [...before.keys()].every((key) => this.claimed.has(key));
    if (!same) this.since = generation;
  }
}
