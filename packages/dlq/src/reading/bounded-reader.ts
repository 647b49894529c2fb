import {
  ensureError,
  type Assignment,
  type Clock,
  type DriverConsumer,
  type DriverConsumerListener,
  type DriverConsumerState,
  type KafkaRecord,
  type RecordBatch,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';
import { Bell } from './bell.js';
import { PartitionReading, type Found } from './partition-reading.js';

/** How often in a row a client may crash and start again before that counts as a failure. */
const CRASHES = 3;

/** From where to where a partition is read: `[from, to)`, where `from` lies in the log. Empty where it ends before it starts. */
export interface ReadSpan extends TopicPartition {
  readonly from: number;
  readonly to: number;
}

/** What is read, decided by whoever reads. */
export interface ReadPlan {
  /** Asked for partitions that are new to this member, also for those that come back after a loss. May ask the driver. */
  open(partitions: readonly TopicPartition[]): Promise<readonly ReadSpan[]>;
  /** Asked for each record of a span, ascending. Undefined: not wanted. */
  find(record: KafkaRecord): Found | undefined;
  /** A batch has been looked at, or the partitions have changed. */
  progressed(): void;
}

/** What a reader is made with. */
export interface ReaderInit {
  readonly consumer: DriverConsumer;
  readonly plan: ReadPlan;
  readonly clock: Clock;
  /** How long nothing has to come until an end that holds no record counts as reached. Milliseconds. */
  readonly silenceMs: number;
}

/**
 * records  at least one can be taken
 * over     everything that this member holds has been read to its end and taken
 * stopped  the signal was aborted
 */
export type ReaderState = 'records' | 'over' | 'stopped';

/**
 * A member of a group that reads what it is given up to an end that was fixed before, and gives the wanted records out
 * one by one in the order in which they were given up on, over all its partitions. For that it waits until it knows the
 * next one of each. Commits nothing by itself.
 */
export class BoundedReader implements DriverConsumerListener {
  readonly #init: ReaderInit;
  readonly #bell: Bell;
  readonly #readings = new Map<number, PartitionReading>();
  /** Partitions that `assigned` is looking up: taken out of here when they are lost before they were added. */
  #coming = new Set<number>();
  /** False before the first join and during each: nothing is given out, since it may be somebody else's. */
  #settled = false;
  #failure: Error | undefined;
  #crashes = 0;
  #stopping = false;
  /** How often something came. */
  #heard = 0;
  /** What was taken and is being worked on. Never rejects. */
  #work: Promise<void> = Promise.resolve();
  #letGo: (() => void) | undefined;

  constructor(init: ReaderInit) {
    this.#init = init;
    this.#bell = new Bell(init.clock);
  }

  /** What is held, in no order. */
  get readings(): readonly PartitionReading[] {
    return [...this.#readings.values()];
  }

  reading(partition: number): PartitionReading | undefined {
    return this.#readings.get(partition);
  }

  /** @throws KafkaWorkerError as `DriverConsumer.start`. */
  start(): Promise<void> {
    return this.#init.consumer.start(this);
  }

  /** Resolves when the first join is over. @throws what the client failed with. */
  async joined(signal?: AbortSignal): Promise<void> {
    while (!this.#settled && !signal?.aborted) {
      this.#throwFailure();
      await this.#bell.wait(undefined, signal);
    }
  }

  /** Waits until something can be taken or nothing is left. @throws what the client failed with. */
  async ready(signal?: AbortSignal): Promise<ReaderState> {
    for (;;) {
      if (signal?.aborted) return 'stopped';
      this.#throwFailure();
      if (this.#settled && this.readings.every(({ isOver }) => isOver)) return 'over';
      if (this.#next() !== undefined) return 'records';
      const rung = await this.#bell.wait(this.#init.silenceMs, signal);
      if (!rung && !signal?.aborted) await this.#listenForSilence();
    }
  }

  /** The next record; undefined: none, or not known yet which. */
  take(): Found | undefined {
    const reading = this.#next();
    const found = reading?.shift();
    if (reading?.full && reading.wantsMore) {
      reading.full = false;
      this.#init.consumer.resume([name(reading)]);
    }
    return found;
  }

  /** What was taken is being worked on until this settles: a hand-over waits for it. */
  async during(work: () => Promise<void>): Promise<void> {
    const done = work();
    this.#work = done.catch(() => undefined);
    await done;
  }

  /** Ends a hand-over that waits for the work under way: the work waits for what comes behind the hand-over. */
  giveWay(): void {
    this.#letGo?.();
  }

  /** Waits until something has changed, at most `ms` milliseconds. @throws what the client failed with. */
  async change(ms: number): Promise<void> {
    await this.#bell.wait(ms);
    this.#throwFailure();
  }

  /** Nothing more is wanted of this partition. */
  close(partition: number): void {
    const reading = this.#readings.get(partition);
    if (reading === undefined) return;
    reading.close();
    this.#init.consumer.pause([name(reading)]);
  }

  /** Leaves the group. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#init.consumer.stopping();
    await this.#init.consumer.stop();
    this.#drop(this.readings);
    this.#bell.ring();
  }

  // ---------------------------------------------------------------- told by the driver

  async assigned({ partitions }: Assignment): Promise<readonly StartPosition[]> {
    const owned = new Set(partitions.map(({ partition }) => partition));
    this.#drop(this.readings.filter(({ partition }) => !owned.has(partition)));
    const fresh = partitions.filter(({ partition }) => !this.#readings.has(partition));
    const coming = (this.#coming = new Set(fresh.map(({ partition }) => partition)));
    const spans = fresh.length === 0 ? [] : await this.#init.plan.open(fresh);
    for (const { topic, partition, from, to } of spans) {
      if (!coming.has(partition)) continue;
      this.#readings.set(partition, new PartitionReading(topic, partition, from, to));
    }
    return this.readings.map((reading) => ({ ...name(reading), offset: reading.position }));
  }

  async revoking(): Promise<void> {
    this.#settled = false;
    await Promise.race([this.#work, new Promise<void>((resolve) => (this.#letGo = resolve))]);
    this.#letGo = undefined;
  }

  lost(partitions: readonly TopicPartition[]): void {
    for (const { partition } of partitions) this.#coming.delete(partition);
    this.#settled = false;
    this.#drop(partitions.flatMap(({ partition }) => this.#readings.get(partition) ?? []));
    this.#bell.ring();
  }

  records({ partition, records }: RecordBatch): number {
    const reading = this.#readings.get(partition);
    if (reading === undefined) return records.length;
    this.#heard++;
    let taken = 0;
    for (const record of records) {
      if (reading.isRead || record.offset >= reading.end) break;
      if (!reading.hasRoom) {
        reading.full = true;
        break;
      }
      const found = this.#init.plan.find(record);
      if (found !== undefined) reading.put(found);
      reading.position = record.offset + 1;
      taken++;
    }
    if (!reading.full && (reading.isRead || taken < records.length)) {
      // What came after the call was made is not ours to look at.
      reading.position = Math.max(reading.position, reading.end);
      this.#init.consumer.pause([name(reading)]);
      taken = records.length;
    }
    this.#init.plan.progressed();
    this.#bell.ring();
    return taken;
  }

  stateChanged(state: DriverConsumerState, cause?: Error): void {
    if (state === 'joined') {
      this.#settled = true;
      this.#crashes = 0;
      this.#init.plan.progressed();
    }
    if (state === 'rebalancing' || state === 'crashed') this.#settled = false;
    const restarts = (cause as { readonly willRestart?: unknown } | undefined)?.willRestart === true;
    if (state === 'crashed' && (!restarts || ++this.#crashes > CRASHES)) {
      this.#failure ??= cause ?? new Error('the client has crashed');
    }
    if (state === 'stopped' && !this.#stopping) this.#failure ??= cause ?? new Error('the client has stopped');
    this.#bell.ring();
  }

  // ---------------------------------------------------------------- inside

  /** Whose turn it is; undefined as long as one that is not read to its end has nothing to show. */
  #next(): PartitionReading | undefined {
    if (!this.#settled) return undefined;
    let next: PartitionReading | undefined;
    for (const reading of this.#readings.values()) {
      if (!reading.shows) {
        if (!reading.isRead) return undefined;
        continue;
      }
      if (next === undefined || reading.isBefore(next)) next = reading;
    }
    return next;
  }

  /**
   * No driver tells of offsets that no record has, so an end behind the last record is never reached by a record. Where
   * nothing has come for a while although the partition's leader answers, there is nothing.
   */
  async #listenForSilence(): Promise<void> {
    const open = this.readings.filter((reading) => !reading.isRead && !reading.full);
    if (!this.#settled || open.length === 0) return;
    const heard = this.#heard;
    let ranges;
    try {
      ranges = await this.#init.consumer.logRanges(open.map(name));
    } catch (error) {
      this.#failure ??= ensureError(error);
      return;
    }
    if (!this.#settled || this.#heard !== heard) return;
    for (const reading of open) {
      const low = ranges.find(({ partition }) => partition === reading.partition)?.low ?? Infinity;
      if (low > reading.position) continue; // cut by retention: the driver tells of that
      reading.silentFrom = reading.position;
      reading.position = reading.end;
    }
  }

  #drop(readings: readonly PartitionReading[]): void {
    for (const reading of readings) {
      reading.alive = false;
      this.#readings.delete(reading.partition);
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function name({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
