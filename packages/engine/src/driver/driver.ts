import type { RecordBatch, RecordHeaders, TopicPartition } from './record.js';

/**
 * The port between the engine and a Kafka client. The engine needs no more of a client than what stands here,
 * reads the capability flags and never the driver's name.
 */
export interface KafkaDriver {
  /** For messages and `inspect()` only. */
  readonly name: string;
  readonly capabilities: DriverCapabilities;
  /** A member of a group. Connects nothing yet. */
  createConsumer(options: DriverConsumerOptions): DriverConsumer;
  /** Connects nothing yet. */
  createProducer(): DriverProducer;
  /** Connects nothing yet. */
  createAdmin(): DriverAdmin;
}

/** What clients do differently, as far as the engine must know. */
export interface DriverCapabilities {
  /** True: only the partitions that leave are revoked. False: every join revokes all, and some may come back. */
  readonly incrementalRebalance: boolean;
  /** The member can keep its partitions over a restart (`group.instance.id`). */
  readonly staticMembership: boolean;
  /** A commit is still accepted while `revoking` is awaited. */
  readonly commitDuringRevoke: boolean;
  /**
   * The client's own loop sends no heartbeats while `revoking` is awaited, so that the engine has to commit
   * at least this often (ms) to keep the session. Undefined: the client looks after it.
   */
  readonly keepAliveDuringRevokeMs?: (options: DriverConsumerOptions) => number;
  /** Transactions with offsets in them. */
  readonly transactions: boolean;
}

/** What a consumer is made with. */
export interface DriverConsumerOptions {
  readonly groupId: string;
  /** Topics by name or pattern; a pattern is resolved when the consumer starts. */
  readonly topics: readonly (string | RegExp)[];
  /** How long the broker waits for a heartbeat before it takes the partitions away. Milliseconds. Default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** How long the broker waits for members to join again: the bound of every drain. Milliseconds. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
  /** The driver may refuse or create topics that do not exist yet. Default false. */
  readonly allowAutoTopicCreation?: boolean;
  /** Where a group without a committed offset starts. Default true: at the beginning, so that nothing is skipped. */
  readonly fromBeginning?: boolean;
}

/** Where a partition starts under a new assignment. */
export interface StartPosition extends TopicPartition {
  readonly offset: number;
}

/** What a group has committed for a partition. */
export interface CommittedOffset extends TopicPartition {
  /** Undefined: nothing is committed. Negative values that clients or brokers store count as nothing. */
  readonly offset: number | undefined;
  readonly metadata: string;
}

/** One partition's part of a commit: the next offset to read, and up to 4,096 characters of metadata. */
export interface OffsetCommit extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
}

/** The readable range of a partition: `[low, high)`. */
export interface LogRange extends TopicPartition {
  /** Offset of the first record that still exists, or where it would be. */
  readonly low: number;
  /** One past the last record. */
  readonly high: number;
}

/** What a member was given in a join. */
export interface Assignment {
  /** Generation of the group, -1 where the client does not tell. */
  readonly generation: number;
  readonly memberId: string;
  /** Name of the assignment strategy the group agreed on. */
  readonly protocol?: string;
  readonly isLeader?: boolean;
  /** Every partition that this member owns from now on; what the engine holds beside these is gone. */
  readonly partitions: readonly TopicPartition[];
}

/** Told of everything that happens to the membership. Implemented by the engine. */
export interface DriverConsumerListener {
  /**
   * The member has joined. The driver hands over no record of a partition that is new before this promise has
   * settled, and then starts it at the position given back; partitions that stay are put back to the position
   * named for them too, since clients forget it in a join. One that is not named goes on where it stood, else at the
   * committed offset. Called once per join, never concurrently.
   */
  assigned(assignment: Assignment): Promise<readonly StartPosition[]>;
  /**
   * These partitions will or may be taken away (see `incrementalRebalance`). The driver waits for the promise,
   * at most until `deadlineMs` from now, before it lets the group go on. Never rejects.
   */
  revoking(partitions: readonly TopicPartition[], deadlineMs: number): Promise<void>;
  /** These partitions are somebody else's already (session expired, member fenced): nothing can be committed any more. */
  lost(partitions: readonly TopicPartition[], cause: Error): void;
  /**
   * Records of an owned partition, the next after those handed over before.
   * Returns how many from the front were taken. If that is fewer than were offered the driver keeps the rest
   * (or reads them again) and offers nothing more of the partition until `resume` names it.
   */
  records(batch: RecordBatch): number;
  /** The client's state changed. */
  stateChanged(state: DriverConsumerState, cause?: Error): void;
}

/**
 * connecting   not yet a member
 * joined       a member; the loop turns
 * rebalancing  a join is under way
 * crashed      the client gave up; with `willRestart` in the cause it tries again by itself
 * stopped      left, for good
 */
export type DriverConsumerState = 'connecting' | 'joined' | 'rebalancing' | 'crashed' | 'stopped';

/** A member of a group. */
export interface DriverConsumer {
  /** Connects, subscribes and starts to fetch. Resolves when the client runs; the first `assigned` may come later. */
  start(listener: DriverConsumerListener): Promise<void>;
  /** Stops handing over records of these partitions. */
  pause(partitions: readonly TopicPartition[]): void;
  /** Goes on handing over records of these partitions, from where it stood. Harmless if they were not paused. */
  resume(partitions: readonly TopicPartition[]): void;
  /** Goes on at another offset; what was kept back or is in flight of this partition is thrown away. */
  seek(position: StartPosition): void;
  /**
   * Commits under the generation of the last `assigned`. Rejects with a `CommitError` whose `code` says whether
   * the partitions are lost; a commit never crosses a join: one that could not be sent before it is rejected.
   */
  commit(offsets: readonly OffsetCommit[]): Promise<void>;
  /** What the group has committed for these partitions. */
  committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]>;
  /** The readable ranges of these partitions. */
  logRanges(partitions: readonly TopicPartition[]): Promise<LogRange[]>;
  /**
   * Announces that `stop` will follow: a join that begins from now on ends the membership instead
   * (after `revoking` has been awaited).
   */
  stopping(): void;
  /** Leaves the group and closes every connection. Idempotent, never rejects. */
  stop(): Promise<void>;
}

/** A record to send. */
export interface OutgoingRecord {
  readonly topic: string;
  /** Given: this partition. Left out: chosen by key as the Java client does (murmur2), without a key in turn. */
  readonly partition?: number;
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  readonly headers?: RecordHeaders;
  /** Milliseconds since the epoch. Default: now. */
  readonly timestamp?: number;
}

/** Where a sent record stands. */
export interface RecordMetadata extends TopicPartition {
  readonly offset: number;
}

/** Sends records; reported as sent means that the broker has every one of them. */
export interface DriverProducer {
  connect(): Promise<void>;
  /** Resolves with one entry per record, in the order given, when all in-sync replicas have them. */
  send(records: readonly OutgoingRecord[]): Promise<RecordMetadata[]>;
  /** Waits for what was sent and closes. Idempotent. */
  close(): Promise<void>;
}

/** A topic to create. */
export interface TopicSpec {
  readonly topic: string;
  /** -1: the broker's default. */
  readonly partitions: number;
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

/** A member as the broker sees it. */
export interface GroupMemberDescription {
  readonly memberId: string;
  readonly clientId: string;
  readonly host: string;
  readonly partitions: readonly TopicPartition[];
}

/** A group as the broker sees it. */
export interface GroupDescription {
  readonly groupId: string;
  /** The broker's word: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead, … */
  readonly state: string;
  readonly protocol: string;
  readonly members: readonly GroupMemberDescription[];
}

/** Questions to the cluster. */
export interface DriverAdmin {
  connect(): Promise<void>;
  /** Names of all topics that are not internal. */
  listTopics(): Promise<string[]>;
  /** Number of partitions per existing topic; topics that do not exist are left out. */
  partitions(topics: readonly string[]): Promise<Map<string, number>>;
  /** Creates topics; one that exists already is no error. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Readable ranges of every partition of a topic. */
  logRanges(topic: string): Promise<LogRange[]>;
  /** What a group has committed on these topics. */
  committed(groupId: string, topics: readonly string[]): Promise<CommittedOffset[]>;
  listGroups(): Promise<string[]>;
  describeGroup(groupId: string): Promise<GroupDescription>;
  /** Idempotent. */
  close(): Promise<void>;
}
