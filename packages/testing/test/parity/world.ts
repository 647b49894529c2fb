import type { OffsetCommit } from '@kafka-worker/engine';

/** A member asks to join. Milliseconds. */
export interface JoinOptions {
  readonly groupId: string;
  /** Left out: the group gives one. */
  readonly memberId?: string;
  readonly topic: string;
  readonly protocol: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

export interface Joined {
  readonly memberId: string;
  readonly generation: number;
  readonly leaderId: string;
}

/** Member id to partition numbers. */
export type Shares = Readonly<Record<string, readonly number[]>>;

/** One connection of a client that speaks the group protocol. Everything rejects with an error that has a `type`. */
export interface Wire {
  join(options: JoinOptions): Promise<Joined>;
  sync(
    groupId: string,
    memberId: string,
    generation: number,
    topic: string,
    shares?: Shares,
  ): Promise<readonly number[]>;
  heartbeat(groupId: string, memberId: string, generation: number): Promise<void>;
  commit(groupId: string, memberId: string, generation: number, offsets: readonly OffsetCommit[]): Promise<void>;
  leave(groupId: string, memberId: string): Promise<void>;
}

export interface Written {
  readonly key?: string | null;
  readonly value?: string | null;
}

export interface WireTransaction {
  produce(topic: string, partition: number, records: readonly Written[]): Promise<void>;
  commitOffsets(groupId: string, offsets: readonly OffsetCommit[]): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** What a parity case is run against: the in-memory cluster, or real brokers. */
export interface World {
  /** A name nobody else has. */
  name(prefix: string): string;
  createTopic(partitions: number, configs?: Readonly<Record<string, string>>): Promise<string>;
  connect(): Promise<Wire>;
  /** The broker's word for the state of a group. */
  state(groupId: string): Promise<string>;
  /** Offset and metadata; undefined where nothing is stored. */
  committed(
    groupId: string,
    topic: string,
    partition: number,
  ): Promise<{ offset: number; metadata: string } | undefined>;
  /** Returns the partitions the keys went to. */
  produceByKey(topic: string, keys: readonly string[]): Promise<number[]>;
  produce(topic: string, partition: number, records: readonly Written[]): Promise<void>;
  /** `timeoutMs`: how long it may stay open. Milliseconds. Default: longer than any case. */
  begin(transactionalId: string, timeoutMs?: number): Promise<WireTransaction>;
  /** Offsets of everything a consumer gets from here to the end. */
  read(topic: string, partition: number, from: number, uncommitted?: boolean): Promise<number[]>;
  /** Low end and high watermark. */
  range(topic: string, partition: number): Promise<{ low: number; high: number }>;
  deleteRecordsBefore(topic: string, partition: number, offset: number): Promise<void>;
  /** Gets everything that was written so far compacted; the last record may be written by this. */
  compact(topic: string, partition: number): Promise<void>;
  /** Time passes. Milliseconds. */
  pass(ms: number): Promise<void>;
  /** Throws after a while. */
  until(what: string, condition: () => Promise<boolean> | boolean): Promise<void>;
  close(): Promise<void>;
}
