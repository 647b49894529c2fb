import {
  KafkaWorkerError,
  ensureError,
  type CommittedOffset,
  type DriverConsumer,
  type DriverConsumerListener,
  type DriverConsumerOptions,
  type GroupDescription,
  type LogRange,
  type OffsetCommit,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';
import type { Cluster, Consumer, ConsumerCrashEvent, KafkaJSOffsetOutOfRange } from 'kafkajs';
import { KafkajsAdmin } from '../admin/admin.js';
import type { AssignerSource } from '../assignment/assigner.js';
import type { Claims } from '../assignment/claims.js';
import { createAssigners } from '../assignment/create-assigners.js';
import type { AssignmentStrategy } from '../assignment/strategy.js';
import { Bell, settledWithin } from '../bounded.js';
import { createClient, OUTAGE_RETRY } from '../client.js';
import { registerOptionalCodecs } from '../codecs/register.js';
import { toCrashError } from '../errors/client-crash.error.js';
import { staleCommit } from '../errors/commit-errors.js';
import { connectionError } from '../errors/connection-error.js';
import type { KafkajsDriverOptions } from '../options.js';
import type { Sockets } from '../sockets.js';
import { Commits } from './commits.js';
import { consumerConfig, type ConsumerTiming } from './consumer-config.js';
import { FetchControl } from './fetch-control.js';
import type { JoinAnswer, MemberRequest } from './group-broker.js';
import { Intake } from './intake.js';
import { gated, type ClusterHooks, type FetchRequest, type OffsetCommitRequest } from './join-gate.js';
import { Membership } from './membership.js';
import { Pulse } from './pulse.js';
import { OutOfRange } from './out-of-range.js';
import { Rounds } from './rounds.js';

/** Batches handled at once: as many partitions as one process may sensibly hold, since the intake never waits. */
const CONCURRENT_BATCHES = 64;
/**
 * How long `stop` waits for commits under way and for a JoinGroup that was sent already, since the broker answers it
 * only when all other members have joined. A member that goes without the answer is missed when its session ends.
 * Milliseconds.
 */
const JOIN_PATIENCE_MS = 5000;
/** How long `stop` waits for everything else: the fetch under way, LeaveGroup, closing. Milliseconds. */
const LEAVE_PATIENCE_MS = 2000;

/** A group member on kafkajs. */
export class KafkajsConsumer implements DriverConsumer, ClusterHooks, AssignerSource {
  private readonly timing: ConsumerTiming;
  private readonly consumer: Consumer;
  private readonly admin: KafkajsAdmin;
  private readonly sockets: Sockets;
  private readonly control: FetchControl;
  private readonly room = new Bell();
  private cluster!: Cluster;
  private parts: Parts | undefined;
  /** The topics of the last fetch that met a codec that is not there. */
  private codecTopics: readonly string[] = [];
  private running: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;

  constructor(
    driver: KafkajsDriverOptions,
    private readonly options: DriverConsumerOptions,
  ) {
    const { config, timing } = consumerConfig(driver, options, () => this.parts?.membership.isStopping !== true);
    this.timing = timing;
    const partitionAssigners = gated(createAssigners(driver, this), this);
    const { kafka, sockets } = createClient(driver, OUTAGE_RETRY);
    this.sockets = sockets;
    this.consumer = kafka.consumer({ ...config, partitionAssigners });
    this.admin = new KafkajsAdmin(driver);
    this.control = new FetchControl(this.consumer);
  }

  async start(listener: DriverConsumerListener): Promise<void> {
    if (this.parts || this.stopped) throw new KafkaWorkerError('NOT_RUNNING', 'a consumer starts once');
    const parts = (this.parts = this.build(listener));
    listener.stateChanged('connecting');
    try {
      registerOptionalCodecs();
      await this.consumer.connect();
      await this.checkTopics();
      const topics = [...this.options.topics];
      await this.consumer.subscribe({ topics, fromBeginning: this.options.fromBeginning ?? true });
    } catch (error) {
      await this.stop();
      throw connectionError(error);
    }
    if (parts.membership.isStopping) return;
    // Not awaited: run() resolves only after the first join, which waits for the other members.
    this.running = this.consumer
      .run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: CONCURRENT_BATCHES,
        eachBatch: async (payload) => parts.intake.handle(payload),
      })
      .catch((error: unknown) => this.crashed({ error: ensureError(error), groupId: '', restart: false }));
  }

  /** kafkajs would go on without a topic that does not exist, and without a word. */
  private async checkTopics(): Promise<void> {
    const { topics } = this.options;
    const found = await this.admin.partitions(topics);
    const missing = topics.filter((topic) => !found.has(topic));
    if (missing.length > 0) throw new KafkaWorkerError('TOPIC_MISSING', `no such topic: ${missing.join(', ')}`);
  }

  private build(listener: DriverConsumerListener): Parts {
    const membership = new Membership(listener, this.control, this.room, this.timing);
    const intake = new Intake(membership, listener, this.control, this.room);
    const commits = new Commits(this.consumer, membership);
    membership.commits = commits;
    membership.intake = intake;
    const rounds = new Rounds(membership, this.control, this.room, this.timing);
    const { events } = this.consumer;
    this.consumer.on(events.FETCH_START, ({ payload }) => rounds.starting(String(payload.nodeId)));
    this.consumer.on(events.GROUP_JOIN, ({ payload }) => membership.joined(payload));
    this.consumer.on(events.CRASH, ({ payload }) => this.crashed(payload));
    const pulse = new Pulse(membership, this.timing.silenceMs);
    for (const sign of [events.GROUP_JOIN, events.HEARTBEAT, events.COMMIT_OFFSETS]) {
      this.consumer.on(sign, () => pulse.beat());
    }
    pulse.start();
    const outOfRange = new OutOfRange(membership, this.control);
    return { membership, intake, commits, rounds, pulse, listener, outOfRange };
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.parts?.intake.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.parts?.intake.resume(partitions);
  }

  seek({ topic, partition, offset }: StartPosition): void {
    const held = this.parts?.membership.find(topic, partition);
    if (!held) return;
    held.jumpTo(offset);
    this.control.seek(held);
    if (!held.paused) this.parts?.intake.resume([held]);
  }

  commit(offsets: readonly OffsetCommit[]): Promise<void> {
    if (!this.parts) return Promise.reject(staleCommit('the consumer has not been started'));
    return this.parts.commits.commit(offsets);
  }

  async committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    const wanted = byTopic(partitions);
    const all = await this.admin.committed(this.options.groupId, [...wanted.keys()]);
    return all.filter(({ topic, partition }) => wanted.get(topic)?.has(partition));
  }

  describeGroup(): Promise<GroupDescription> {
    return this.admin.describeGroup(this.options.groupId);
  }

  get turnedAt(): number | undefined {
    return this.parts?.rounds.turnedAt;
  }

  async logRanges(partitions: readonly TopicPartition[]): Promise<LogRange[]> {
    const wanted = byTopic(partitions);
    const all = await Promise.all([...wanted.keys()].map((topic) => this.admin.logRanges(topic)));
    return all.flat().filter(({ topic, partition }) => wanted.get(topic)?.has(partition));
  }

  stopping(): void {
    this.parts?.membership.stop();
  }

  stop(): Promise<void> {
    this.stopped ??= this.leave();
    return this.stopped;
  }

  private async leave(): Promise<void> {
    this.stopping();
    const silent = this.parts?.membership.isSilent ?? false;
    const deadline = Date.now() + JOIN_PATIENCE_MS;
    if (this.parts) {
      this.parts.pulse.stop();
      if (!silent) await settledWithin(this.parts.commits.idle(), JOIN_PATIENCE_MS);
      this.parts.membership.leave();
      this.parts.intake.close();
    }
    // kafkajs leaves the group only where its first join is over: stopped before that it stays a member for the
    // broker until the session ends, with partitions that nobody reads.
    await settledWithin(this.running, deadline - Date.now());
    const left = this.consumer.disconnect();
    if (silent) this.sockets.close();
    if (!(await settledWithin(left, Math.max(deadline - Date.now(), LEAVE_PATIENCE_MS)))) {
      // A JoinGroup cannot be taken back. Without its connection it fails, and the gate ends the membership.
      this.sockets.cut();
      await settledWithin(left, LEAVE_PATIENCE_MS);
    }
    await settledWithin(this.running, LEAVE_PATIENCE_MS);
    this.sockets.close();
    await this.admin.close();
    this.parts?.listener.stateChanged('stopped');
  }

  private crashed({ error, restart }: ConsumerCrashEvent['payload']): void {
    if (!this.parts || this.parts.membership.isLeaving(error)) return;
    const { membership, listener } = this.parts;
    const stopping = membership.isStopping;
    const cause = toCrashError(error, restart && !stopping, this.codecTopics);
    membership.lose(cause);
    if (!stopping) listener.stateChanged('crashed', cause);
  }

  // ------------------------------------------------------------------ hooks

  attached(cluster: Cluster): void {
    this.cluster = cluster;
  }

  async beforeJoin(): Promise<void> {
    await this.parts?.membership.beforeJoin();
  }

  async beforeFetch(): Promise<void> {
    await this.parts?.rounds.begin(this.cluster);
  }

  fetchFailed(error: unknown, request: FetchRequest): unknown {
    const { name } = ensureError(error);
    if (name === 'KafkaJSNotImplemented') this.codecTopics = request.topics.map(({ topic }) => topic);
    if (name === 'KafkaJSOffsetOutOfRange' && this.parts?.outOfRange.met(error as KafkaJSOffsetOutOfRange)) {
      return { responses: [] };
    }
    throw error;
  }

  beforeCommit(request: OffsetCommitRequest): void {
    this.parts?.commits.check(request);
  }

  joinAnswered(answer: JoinAnswer): void {
    this.parts?.membership.joinAnswered(answer);
  }

  assignmentRead(memberAssignment: Buffer): void {
    this.parts?.membership.assignmentRead(memberAssignment);
  }

  refused(error: unknown, request: MemberRequest): void {
    this.parts?.membership.refused(error, request);
  }

  // ------------------------------------------------------------------ what assigners ask

  claims(strategy: AssignmentStrategy): Claims | undefined {
    return this.parts?.membership.claims(strategy);
  }

  partitionCounts(topics: readonly string[]): Promise<Map<string, number>> {
    return this.admin.partitions(topics);
  }
}

/** What exists from `start` on, since all of it tells the listener. */
interface Parts {
  readonly membership: Membership;
  readonly intake: Intake;
  readonly commits: Commits;
  readonly rounds: Rounds;
  readonly pulse: Pulse;
  readonly outOfRange: OutOfRange;
  readonly listener: DriverConsumerListener;
}

function byTopic(partitions: readonly TopicPartition[]): Map<string, Set<number>> {
  const topics = new Map<string, Set<number>>();
  for (const { topic, partition } of partitions) {
    const set = topics.get(topic) ?? new Set();
    topics.set(topic, set.add(partition));
  }
  return topics;
}
