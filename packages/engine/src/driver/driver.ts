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
  /** Present where `capabilities.transactions`. Connects nothing yet. */
  createTransactionalProducer?(transactionalId: string): DriverTransactionalProducer;
  /** Connects nothing yet. */
  createAdmin(): DriverAdmin;
}

/** What clients do differently, as far as the engine must know. */
export interface DriverCapabilities {
  /**
   * True: only the partitions that leave are revoked, wherever all members of the group can do so; where one cannot, every
   * join revokes all for as long as it is there. False: every join revokes all, and some may come back.
   */
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
  /**
   * Topics by name. Patterns, and what becomes of topics that do not exist, are settled before by the engine, for every
   * driver alike. A driver creates no topic; `start` rejects with `TOPIC_MISSING` where one does not exist.
   */
  readonly topics: readonly string[];
  /** How long the broker waits for a heartbeat before it takes the partitions away. Milliseconds. Default 30,000. */
  readonly sessionTimeoutMs?: number;
  /** How long the broker waits for members to join again: the bound of every drain. Milliseconds. Default 60,000. */
  readonly rebalanceTimeoutMs?: number;
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
  /** Generation of the group; -1 where the client does not tell. For messages and `inspect()` only. */
  readonly generation: number;
  readonly memberId: string;
  /** Name of the assignment strategy the group agreed on. */
  readonly protocol?: string;
  readonly isLeader?: boolean;
  /** Every partition that this member owns from now on, none twice; what the engine holds beside these is gone. */
  readonly partitions: readonly TopicPartition[];
}

/**
 * Told of everything that happens to the membership. Implemented by the engine, which keeps its word to the user by
 * these rules of order; the conformance suite (`@kafka-worker/testing/conformance`) asks every driver for each of them.
 *
 * - A partition goes `assigned` → (`records` …) → `revoking` or `lost` → the next `assigned`. What an `assigned` names
 *   again without a `lost` between is the same ownership going on: nobody else had it meanwhile, and the engine goes on
 *   with what it has buffered and settled. So whatever was held is told as `lost` BEFORE an `assigned` under a new
 *   membership (fenced, session expired, client crashed and started again), even where the same partitions come back.
 * - `assigned` comes without a `revoking` before it where nothing was held: the first join, and the one after a loss.
 *   With `incrementalRebalance` also where nothing leaves.
 * - Between two `assigned` a partition is asked for by `revoking` at most once; of those asked for, some may stay
 *   (without `incrementalRebalance` all are asked for in each join). None disappears without `revoking` or `lost`.
 * - `records` is not called for a partition before its `assigned` has settled, nor from the call of `revoking` on until
 *   the next `assigned` has settled. While an `assigned` is being answered it is called for no partition at all.
 * - Nothing is called from within a call of the engine (`resume`, `seek`, `commit`, …), only in a turn of its own.
 * - Nothing is called after `stop()` has resolved, nor before `start()` is called.
 */
export interface DriverConsumerListener {
  /**
   * The member has joined. The driver starts each partition at the position given back; those that stay are put back
   * to the position named for them too, since clients forget it in a join. One that is not named goes on where it
   * stood, else at the committed offset, else where `fromBeginning` says.
   * Called once per join, never beside another `assigned` that has not settled. If it rejects, the driver tells
   * `crashed` and either joins again (`willRestart`) or is over.
   */
  assigned(assignment: Assignment): Promise<readonly StartPosition[]>;
  /**
   * These partitions will or may be taken away (see `incrementalRebalance`). The driver waits for the promise,
   * at most until `deadlineMs` from now, before it lets the group go on; where the member is fenced meanwhile `lost` is
   * called and the promise is waited for no more. Never rejects.
   */
  revoking(partitions: readonly TopicPartition[], deadlineMs: number): Promise<void>;
  /**
   * These partitions are somebody else's already, or may be (session expired, member fenced, client crashed), or
   * cannot be read where they stand: the position is not in the log. Nothing can be committed for them any more, and
   * each is told once. Where the client goes on it joins again, and what it is given then counts as new: the engine
   * names the positions. A driver never moves a position by itself, and never commits one.
   */
  lost(partitions: readonly TopicPartition[], cause: Error): void;
  /**
   * Records of an owned partition, at least one, ascending, the next after those handed over before; offsets that no
   * record has (compaction, transactions) are passed over. Returns how many from the front were taken. If that is fewer
   * than were offered the driver keeps the rest (or reads them again) and offers nothing more of the partition until
   * `resume`, `seek` or a join. Never throws.
   */
  records(batch: RecordBatch): number;
  /** The client's state changed. */
  stateChanged(state: DriverConsumerState, cause?: Error): void;
}

/**
 * connecting   not yet a member, or no broker has answered for a while; the first that is told
 * joined       a member; told once `assigned` has settled
 * rebalancing  a join is under way; told before `revoking`
 * crashed      the client gave up; with `willRestart` in the cause it tries again by itself
 * stopped      left, for good; the last that is told, once
 */
export type DriverConsumerState = 'connecting' | 'joined' | 'rebalancing' | 'crashed' | 'stopped';

/** A member of a group. */
export interface DriverConsumer {
  /**
   * Connects, subscribes and starts to fetch. Resolves when the client runs; the first `assigned` may come later.
   * Once only, and not after `stop`. Rejects with `TOPIC_MISSING`, `CONNECTION`, or `NOT_RUNNING` for a second start;
   * nothing stays open then.
   */
  start(listener: DriverConsumerListener): Promise<void>;
  /** Stops handing over records of these partitions, now and over joins that leave them here. Ignores others. */
  pause(partitions: readonly TopicPartition[]): void;
  /** Goes on handing over records of these partitions, from where it stood. Harmless if they were not paused. */
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * Goes on at another offset, backwards or forwards; what was kept back or is in flight of this partition is thrown
   * away, and so is that it was full. A paused partition stays paused. May be called from within `records`.
   */
  seek(position: StartPosition): void;
  /**
   * Commits under the generation of the last `assigned`, or of the join that `revoking` belongs to. A commit never
   * crosses a join: one that could not be sent before it is rejected, not sent after it. With `incrementalRebalance` it may
   * be sent after one in which its partitions have stayed this member's all the while. Commits of one caller keep their
   * order. Rejects with a `CommitError`, whose code says what it means:
   *
   * - `COMMIT_STALE` no assignment that it could belong to: before the first `assigned`, between the end of `revoking`
   *   and the next `assigned`, under an older generation, after `stop`. While a join is under way it may help to ask
   *   again after `assigned`.
   * - `COMMIT_FENCED` the broker does not know the member any more; `lost` has been called, or is about to be.
   * - `COMMIT_METADATA_TOO_LARGE` nothing of it was stored; the member stays one.
   * - `COMMIT_FAILED` anything else; whether it was stored is not known, and it may be sent again.
   */
  commit(offsets: readonly OffsetCommit[]): Promise<void>;
  /** What the group has committed for these partitions, one entry for each. Possible from within `assigned`. */
  committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]>;
  /** The group as the broker sees it, on a connection that is open anyhow. Left out where the client cannot ask. */
  describeGroup?(): Promise<GroupDescription>;
  /** When the client's loop has last gone round. Milliseconds since the epoch. Left out where there is no loop to watch. */
  readonly turnedAt?: number | undefined;
  /** The readable ranges of these partitions, one entry for each. Possible from within `assigned`. */
  logRanges(partitions: readonly TopicPartition[]): Promise<LogRange[]>;
  /**
   * Announces that `stop` will follow: a join that begins from now on ends the membership instead, after `revoking`
   * of everything held has been awaited, so that the last commit is still accepted. A join in which the group has made
   * a new generation already (JoinGroup answered, SyncGroup not) is finished first where partitions are held through
   * it: under the old generation nothing can be committed any more. With `incrementalRebalance` any join may be, so that the
   * group does not wait for `revoking`; no `assigned` comes of it.
   */
  stopping(): void;
  /**
   * Leaves the group at once, so that the others get the partitions without a session timeout, and closes every
   * connection. Hands over nothing from the call on. Idempotent, never rejects, possible before and without `start`.
   */
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
  /**
   * Resolves with one entry per record, in the order given, when all in-sync replicas have them. Records of one
   * partition stand in the log in the order of the calls, and within a call in the order given.
   * Rejects with `SEND_FAILED`; its `canRetry` is false where a topic does not exist (nothing of the call is sent
   * then) or the broker refuses a record for good. After `close`: with `NOT_RUNNING`.
   */
  send(records: readonly OutgoingRecord[]): Promise<RecordMetadata[]>;
  /** Waits for what was sent and closes. Idempotent. */
  close(): Promise<void>;
}

/** What stands or falls together. */
export interface DriverTransaction {
  /** In this order within each partition. May be empty. */
  readonly records: readonly OutgoingRecord[];
  readonly groupId: string;
  /** At least one. */
  readonly offsets: readonly OffsetCommit[];
}

/** Commits records together with the offsets they were made from. One transaction at a time, one after the other. */
export interface DriverTransactionalProducer {
  /**
   * Connects and takes the transactional id over: whoever had it is fenced, and what it had open is aborted, or
   * completed where its commit had been accepted. Resolves when that is through, so that offsets which the group has
   * committed are final for whoever reads them afterwards. Called again after `TRANSACTION_IN_DOUBT`, with the same
   * meaning for our own last transaction. Rejects with `CONNECTION`, or `TRANSACTION_ABORTED` where it may be tried again.
   */
  open(): Promise<void>;
  /**
   * One transaction with these records and offsets, from its begin to its commit. Where it fails on the way it is
   * aborted before this rejects. Rejects with a `TransactionError`: `TRANSACTION_ABORTED` nothing of it counts;
   * `TRANSACTION_FENCED` nothing of it counts and nothing ever will by this producer; `TRANSACTION_IN_DOUBT` the commit
   * was sent and its answer lost: `open` before anything else. With `SEND_FAILED` and `canRetry` false where a topic
   * does not exist or a record is refused for good, with `COMMIT_METADATA_TOO_LARGE` (a `CommitError`) where metadata is:
   * nothing of it counts then.
   */
  transact(transaction: DriverTransaction): Promise<void>;
  /** Waits for what is under way and closes. Idempotent, never rejects. */
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
  /** Readable ranges of every partition of a topic, in the order of their numbers. */
  logRanges(topic: string): Promise<LogRange[]>;
  /**
   * For every partition of a topic, in the order of their numbers, the offset of the first record that was written at
   * `timestamp` (milliseconds since the epoch) or later; `high` where there is none.
   */
  offsetsAt(topic: string, timestamp: number): Promise<StartPosition[]>;
  /** What a group has committed on these topics: one entry for every partition, also where nothing is committed. */
  committed(groupId: string, topics: readonly string[]): Promise<CommittedOffset[]>;
  listGroups(): Promise<string[]>;
  /** One that nobody has heard of is `Dead` and without members. */
  describeGroup(groupId: string): Promise<GroupDescription>;
  /** Idempotent. */
  close(): Promise<void>;
}
