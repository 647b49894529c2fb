import {
  type DriverConsumerListener,
  KafkaWorkerError,
  partitionKey,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';
import { CLUSTER } from '../latency.js';
import type { Isolation, PartitionLog } from '../log/partition-log.js';
import type { Scheduler } from '../scheduler.js';
import { PartitionFetch } from './partition-fetch.js';

/** What a fetcher needs to know of its surroundings. */
export interface FetcherOptions {
  readonly scheduler: Scheduler;
  /** The client's end of a `Hop`. */
  readonly client: string;
  readonly isolation: Isolation;
  readonly maxRecords: number;
  readonly logOf: (partition: TopicPartition) => PartitionLog;
  readonly deliver: DriverConsumerListener['records'];
  /** The position of an owned partition is not in its log. */
  readonly outOfRange: (partition: TopicPartition, cause: Error) => void;
}

/**
 * Hands over the records of the partitions a member owns. Nothing is buffered: a partition has a position in its log,
 * and what the engine did not take is read again. Nothing is polled either: a round is scheduled when a log grows or a
 * partition becomes ready, never inside a call of the engine.
 */
export class Fetcher {
  /** Invariant: holds exactly the partitions the member owns. Insertion order is the round robin's order. */
  readonly #owned = new Map<string, PartitionFetch>();
  #roundScheduled = false;
  #running = true;
  /** The client's loop as a whole stands still: a join is under way, the process is stopped. */
  #halted = false;
  /** Where the next round starts, so that no partition is always the first. */
  #turn = 0;

  constructor(private readonly options: FetcherOptions) {}

  owned(): TopicPartition[] {
    return [...this.#owned.values()].map(({ log: { topic, partition } }) => ({ topic, partition }));
  }

  owns({ topic, partition }: TopicPartition): boolean {
    return this.#owned.has(partitionKey(topic, partition));
  }

  /** Hands over nothing of these partitions until `assign`. */
  hold(partitions: readonly TopicPartition[]): void {
    for (const fetch of this.#find(partitions)) fetch.held = true;
  }

  drop(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const key = partitionKey(topic, partition);
      this.#owned.get(key)?.unwatch();
      this.#owned.delete(key);
    }
  }

  /** These and no others are owned from now on, each at its position. */
  assign(positions: readonly StartPosition[]): void {
    const kept = new Map(this.#owned);
    this.#owned.clear();
    for (const { topic, partition, offset } of positions) {
      const key = partitionKey(topic, partition);
      const log = this.options.logOf({ topic, partition });
      const fetch =
        kept.get(key) ??
        new PartitionFetch(log, this.options.isolation, offset, (grown) => grown.ready && this.#wake());
      kept.delete(key);
      fetch.held = false;
      fetch.jump(offset);
      this.#owned.set(key, fetch);
    }
    for (const fetch of kept.values()) fetch.unwatch();
    this.#wake();
  }

  /** Position of an owned partition. */
  position({ topic, partition }: TopicPartition): number | undefined {
    return this.#owned.get(partitionKey(topic, partition))?.position;
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const fetch of this.#find(partitions)) fetch.paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const fetch of this.#find(partitions)) {
      fetch.paused = false;
      fetch.full = false;
    }
    this.#wake();
  }

  seek(position: StartPosition): void {
    for (const fetch of this.#find([position])) fetch.jump(position.offset);
    this.#wake();
  }

  halt(): void {
    this.#halted = true;
  }

  proceed(): void {
    this.#halted = false;
    this.#wake();
  }

  /** For good. */
  close(): void {
    this.#running = false;
    this.drop(this.owned());
  }

  #find(partitions: readonly TopicPartition[]): PartitionFetch[] {
    return partitions.flatMap(({ topic, partition }) => this.#owned.get(partitionKey(topic, partition)) ?? []);
  }

  #wake(): void {
    if (this.#roundScheduled || !this.#canRun) return;
    if (!this.#anyReady()) return;
    this.#roundScheduled = true;
    const { scheduler, client } = this.options;
    scheduler.later(
      () => {
        this.#roundScheduled = false;
        this.#round();
      },
      scheduler.latencyOf({ from: CLUSTER, to: client }),
    );
  }

  #anyReady(): boolean {
    for (const fetch of this.#owned.values()) if (fetch.ready) return true;
    return false;
  }

  get #canRun(): boolean {
    return this.#running && !this.#halted;
  }

  /** One batch of every partition that is ready, then the next round in a turn of its own. */
  #round(): void {
    const fetches = [...this.#owned.values()];
    const first = fetches.length === 0 ? 0 : this.#turn++ % fetches.length;
    for (let i = 0; i < fetches.length; i++) {
      const fetch = fetches[(first + i) % fetches.length] as PartitionFetch;
      // Asked anew each time: the engine may have paused, sought or stopped while it took the batch before.
      if (this.#canRun && this.owns(fetch.log) && fetch.ready) this.#handOver(fetch);
    }
    this.#wake();
  }

  #handOver(fetch: PartitionFetch): void {
    const { log } = fetch;
    if (fetch.isOutOfRange) return this.#report(fetch);
    const { isolation, maxRecords } = this.options;
    const records = log.read(fetch.position, maxRecords, isolation);
    const end = log.end(isolation);
    const last = records.at(-1);
    if (!last) {
      // Only markers and what was aborted up to the end.
      fetch.position = end;
      return;
    }
    // Set before the call, so that a `seek` made inside it stands.
    const { position: before, jumps } = fetch;
    fetch.position = records.length < maxRecords ? end : last.offset + 1;
    // Set before the call as well, so that a `resume` made inside it stands.
    fetch.full = true;
    const { topic, partition } = log;
    const taken = this.options.deliver({ topic, partition, records, highWatermark: end });
    if (taken >= records.length) fetch.full = false;
    else if (fetch.jumps === jumps) fetch.position = records[taken]?.offset ?? before;
  }

  #report({ log, position }: PartitionFetch): void {
    const { topic, partition, low, high } = log;
    const message = `offset ${position} of ${topic}/${partition} is out of range: the log is [${low}, ${high})`;
    this.options.outOfRange({ topic, partition }, new KafkaWorkerError('CLIENT_CRASHED', message, { canRetry: true }));
  }
}
