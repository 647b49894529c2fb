import {
  KafkaWorkerError,
  ensureError,
  partitionKey,
  type Assignment,
  type DriverConsumerListener,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';
import kafkajs, { type ConsumerGroupJoinEvent } from 'kafkajs';
import { settledWithin, type Bell } from '../bounded.js';
import { ClientCrashError } from '../errors/client-crash.error.js';
import type { CommitGate, Commits } from './commits.js';
import type { FetchControl } from './fetch-control.js';
import { HeldPartition } from './held-partition.js';
import type { Intake, IntakeGate } from './intake.js';
import type { PulseListener } from './pulse.js';
import type { RoundGate } from './rounds.js';

/**
 * outside   no generation is held: before the first join, after a loss
 * member    joined; commits are sent
 * revoking  the gate is being passed; commits are still sent, under the old generation
 * joining   the gate is passed and JoinGroup may be on its way: a commit now would run with the next generation
 * left      over for good
 */
type Phase = 'outside' | 'member' | 'revoking' | 'joining' | 'left';

/** What a membership is bounded by. Milliseconds. */
export interface MembershipTiming {
  /** How long `revoking` is awaited at most. */
  readonly revokeMs: number;
  /** How long a join waits for an `assigned` that is still being answered. */
  readonly assignMs: number;
}

/** Who owns what, from join to join. Tells the listener, and says what may be committed and handed over. */
export class Membership implements CommitGate, IntakeGate, RoundGate, PulseListener {
  epoch = 0;
  private phase: Phase = 'outside';
  /** `assigned` of this epoch has settled and its positions are set. */
  private ready = false;
  /** Everything this member owns. Empty while outside. */
  private held = new Map<string, HeldPartition>();
  private memberId: string | undefined;
  /** Settles when every `assigned` called so far has. Never rejects. */
  private assigning: Promise<void> = Promise.resolve();
  /** The gate being passed; two fetch loops may come to it at once. */
  /** A join was begun and not finished since the last assignment. */
  private passed = false;
  /** What the engine was told last that it holds, by key; and what of that was not ours in a join it was not told of. */
  private told: ReadonlySet<string> = new Set();
  private readonly away = new Set<string>();
  private gate: Promise<void> | undefined;
  private stopping = false;
  private rejoinDue = false;
  private failure: Error | undefined;
  /** The listener was told that the brokers are silent, and nothing since. */
  private silence = false;
  private rejoinTimer: NodeJS.Timeout | undefined;
  /** What the gate threw to make kafkajs leave. */
  private leaving: Error | undefined;

  /** Set once by the consumer, before anything is called. */
  commits!: Commits;
  /** Set once by the consumer, before anything is called. */
  intake!: Intake;

  constructor(
    private readonly listener: DriverConsumerListener,
    private readonly control: FetchControl,
    private readonly room: Bell,
    private readonly timing: MembershipTiming,
  ) {}

  get open(): boolean {
    return this.ready;
  }

  partitions(): Iterable<HeldPartition> {
    return this.held.values();
  }

  find(topic: string, partition: number): HeldPartition | undefined {
    return this.held.get(partitionKey(topic, partition));
  }

  refusal(epoch: number, partitions: readonly TopicPartition[]): string | undefined {
    if (epoch !== this.epoch) return 'the assignment it belongs to is over';
    if (this.phase !== 'member' && this.phase !== 'revoking') return REFUSALS[this.phase];
    const foreign = partitions.find(({ topic, partition }) => !this.find(topic, partition));
    return foreign && `${foreign.topic}/${foreign.partition} is not held by this member`;
  }

  /** Awaited before each JoinGroup. The old generation is still valid here. */
  beforeJoin(): Promise<void> {
    this.gate ??= this.passGate().finally(() => (this.gate = undefined));
    return this.gate;
  }

  private async passGate(): Promise<void> {
    // A join that came to no end: the group may have made a generation in which somebody else had what is held here.
    if (this.phase === 'joining') this.passed = true;
    if (this.phase === 'member') await this.handOver();
    if (!this.stopping) return;
    this.phase = 'left';
    // kafkajs leaves the group on an error it cannot retry. Joining again only to leave would wait for the slowest
    // of the other members.
    throw (this.leaving ??= new kafkajs.KafkaJSNonRetriableError('stopping: leaves instead of joining again'));
  }

  private async handOver(): Promise<void> {
    const until = Date.now() + this.timing.revokeMs;
    const { epoch } = this;
    this.phase = 'revoking';
    this.ready = false;
    this.silence = false;
    this.listener.stateChanged('rebalancing');
    await settledWithin(this.assigning, this.timing.assignMs);
    // Fenced meanwhile: nothing is left to hand over.
    if (this.epoch === epoch) {
      const left = until - Date.now();
      await settledWithin(this.listener.revoking(this.names(), left), left);
    }
    if (this.phase === 'revoking') this.phase = 'joining';
    // What was queued is refused from here on; what runs is awaited, and checked again should it be sent later.
    await settledWithin(this.commits.idle(), Math.max(until - Date.now(), 1000));
  }

  /** kafkajs' group_join, synchronously before the first fetch round of the generation. */
  joined({ memberId, memberAssignment, groupProtocol, isLeader }: ConsumerGroupJoinEvent['payload']): void {
    if (this.phase === 'left') return;
    if (this.memberId !== undefined && this.memberId !== memberId) {
      this.lose(new Error(`member ${this.memberId} is not known any more; joined as ${memberId}`));
    }
    if (this.passed) this.lose(new Error('a generation may have passed of which this member did not learn its part'));
    this.passed = false;
    this.memberId = memberId;
    this.epoch++;
    this.phase = 'member';
    this.ready = false;
    this.replace(memberAssignment);
    for (const key of this.told) if (!this.held.has(key)) this.away.add(key);
    const assignment: Assignment = {
      generation: -1,
      memberId,
      protocol: groupProtocol,
      isLeader,
      partitions: this.names(),
    };
    const { epoch } = this;
    this.assigning = this.assigning.then(() => this.assign(epoch, assignment));
  }

  private replace(assigned: Readonly<Record<string, readonly number[]>>): void {
    const before = this.held;
    this.held = new Map();
    for (const [topic, partitions] of Object.entries(assigned)) {
      for (const partition of partitions) {
        const held = before.get(partitionKey(topic, partition)) ?? new HeldPartition(topic, partition);
        this.held.set(held.key, held);
      }
    }
  }

  private async assign(epoch: number, assignment: Assignment): Promise<void> {
    if (epoch !== this.epoch) return; // a later join has come, whose assignment holds
    try {
      this.loseWhatWasAway(assignment);
      const positions = await this.listener.assigned(assignment);
      if (epoch !== this.epoch || this.phase !== 'member') return;
      this.place(positions);
    } catch (error) {
      if (epoch === this.epoch) this.assignFailed(ensureError(error));
    }
  }

  /** A later join may have come before the one was told in which a partition was somebody else's. */
  private loseWhatWasAway({ partitions }: Assignment): void {
    const back = partitions.filter(({ topic, partition }) => this.away.has(partitionKey(topic, partition)));
    this.told = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
    this.away.clear();
    if (back.length > 0) this.listener.lost(back, new Error('somebody else may have had them in between'));
  }

  /**
   * kafkajs goes back to the committed offset of every partition in each join, kept ones too. A seek made now is
   * applied at the top of the fetch round that waits for it, before the offsets are looked up.
   */
  private place(positions: readonly StartPosition[]): void {
    for (const { topic, partition, offset } of positions) this.find(topic, partition)?.startAt(offset);
    for (const held of this.held.values()) this.control.seek(held);
    this.ready = true;
    this.silence = false;
    this.listener.stateChanged('joined');
    this.intake.reopen(this.held.values());
    this.room.wake();
  }

  private assignFailed(error: Error): void {
    this.listener.stateChanged(
      'crashed',
      new ClientCrashError('CLIENT_CRASHED', `no start positions: ${error.message}`, true, { cause: error }),
    );
    this.rejoin(1000);
  }

  /** Joins again after a while, at the top of a fetch round. */
  rejoin(afterMs: number): void {
    clearTimeout(this.rejoinTimer);
    this.rejoinTimer = setTimeout(() => {
      this.rejoinDue = true;
      this.room.wake();
    }, afterMs);
  }

  checkpoint(): void {
    if (this.failure) throw this.failure;
    if (!this.rejoinDue) return;
    this.rejoinDue = false;
    // What a heartbeat answers during a rebalance; kafkajs joins again on it.
    throw Object.assign(new Error('joins again'), { type: 'REBALANCE_IN_PROGRESS' });
  }

  fail(error: unknown): void {
    this.failure ??= Object.assign(new kafkajs.KafkaJSNonRetriableError(ensureError(error)), {
      cause: ensureError(error),
    });
    this.ready = false;
    this.room.wake();
  }

  /** Still a member as far as anybody knows: nothing is lost, and nobody can say that it is not. */
  silent(ms: number): void {
    if (this.phase !== 'member' || !this.ready || this.silence || this.stopping) return;
    this.silence = true;
    const message = `no answer from the group's coordinator for ${ms} ms; goes on trying`;
    this.listener.stateChanged('connecting', new KafkaWorkerError('CONNECTION', message, { canRetry: true }));
  }

  heard(): void {
    if (!this.silence) return;
    this.silence = false;
    if (this.phase === 'member' && this.ready) this.listener.stateChanged('joined');
  }

  fenced(error: Error): void {
    this.lose(error);
  }

  /** Everything held is somebody else's already. */
  lose(cause: Error): void {
    const names = this.names();
    if (this.phase !== 'left') this.phase = 'outside';
    this.epoch++;
    this.ready = false;
    this.silence = false;
    this.held.clear();
    this.told = new Set();
    this.away.clear();
    if (names.length > 0) this.listener.lost(names, cause);
  }

  /** One partition cannot be read on where it stands. It comes back as a new one with the join that must follow. */
  loseOne(held: HeldPartition, cause: Error): void {
    this.held.delete(held.key);
    this.listener.lost([{ topic: held.topic, partition: held.partition }], cause);
  }

  /** From now on a join ends the membership. */
  stop(): void {
    this.stopping = true;
    clearTimeout(this.rejoinTimer);
  }

  /** No commit and no record from here on. */
  leave(): void {
    this.stop();
    this.phase = 'left';
    this.ready = false;
    this.epoch++;
    this.held.clear();
    this.room.wake();
  }

  /** True for the crash that the gate itself caused in order to leave. */
  isLeaving(error: unknown): boolean {
    return this.stopping && this.leaving !== undefined && ensureError(error).message === this.leaving.message;
  }

  /** No broker answers: whoever waits for one waits in vain. */
  get isSilent(): boolean {
    return this.silence;
  }

  get over(): boolean {
    return this.phase === 'left';
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  private names(): TopicPartition[] {
    return Array.from(this.held.values(), ({ topic, partition }) => ({ topic, partition }));
  }
}

const REFUSALS: Readonly<Record<Exclude<Phase, 'member' | 'revoking'>, string>> = {
  outside: 'this process is not a member of the group',
  joining: 'the group is joining anew',
  left: 'this member has left the group',
};
