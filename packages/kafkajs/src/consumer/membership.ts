import {
  KafkaWorkerError,
  ensureError,
  partitionKey,
  type Assignment,
  type DriverConsumerListener,
  type DriverConsumerState,
  type StartPosition,
  type TopicPartition,
} from '@kafka-worker/engine';
import kafkajs, { type ConsumerGroupJoinEvent } from 'kafkajs';
import { withheldIn } from '../assignment/assigner.js';
import type { Claims } from '../assignment/claims.js';
import { PROTOCOL_NAMES, type AssignmentStrategy } from '../assignment/strategy.js';
import { settledWithin, type Bell } from '../bounded.js';
import { brokerErrorType } from '../errors/broker-error.js';
import { ClientCrashError } from '../errors/client-crash.error.js';
import type { CommitGate, Commits, CommitTicket } from './commits.js';
import type { FetchControl } from './fetch-control.js';
import type { JoinAnswer, MemberRequest } from './group-broker.js';
import type { HeldPartition } from './held-partition.js';
import { Holdings } from './holdings.js';
import type { Intake, IntakeGate } from './intake.js';
import type { PulseListener } from './pulse.js';
import type { RoundGate } from './rounds.js';
import { Term } from './term.js';

/**
 * outside    no generation is held: before the first join, after a loss
 * member     joined; commits are sent
 * revoking   the gate is being passed; commits are still sent, under the old generation
 * joining    the gate is passed with nothing at work: a commit now would run with the next generation
 * rejoining  the gate is passed and everything stays at work: commits wait for the end of the join
 * left       over for good
 */
type Phase = 'outside' | 'member' | 'revoking' | 'joining' | 'rejoining' | 'left';

/** What a membership is bounded by. Milliseconds. */
export interface MembershipTiming {
  /** How long `revoking` is awaited at most before a join. */
  readonly revokeMs: number;
  /** How long it is awaited after one, while nobody waits for it but the next owner. */
  readonly releaseMs: number;
  /** How long a join waits for an `assigned` that is still being answered. */
  readonly assignMs: number;
}

/** How long a join waits for a commit that was sent; the broker has it before the JoinGroup in any case. Milliseconds. */
const COMMIT_MS = 1000;

/**
 * Who owns what, from join to join. Tells the listener, and says what may be committed and handed over.
 *
 * Under an eager protocol everything is handed over before JoinGroup. Under the cooperative one nothing is: after the
 * join what was not given is handed over, and another join gives it away. Which of the two a group agrees on is known
 * only when JoinGroup is answered. What was at work then and was given to somebody else is lost; our own leaders keep it
 * back instead.
 */
export class Membership implements CommitGate, IntakeGate, RoundGate, PulseListener {
  /** One more with each join and each loss. */
  private epoch = 0;
  /** Ends where somebody else may have had what is held: with a join that came of nothing, and with a loss. */
  term = new Term();
  private phase: Phase = 'outside';
  /** `assigned` has settled and its positions are set. */
  private ready = false;
  private readonly holdings = new Holdings();
  private memberId: string | undefined;
  /** The group agreed on the cooperative protocol in the last join. */
  private cooperative = false;
  /** Generation of the last JoinGroup that was answered. */
  private generation = -1;
  /** Protocol of a generation of which this member does not know its part yet. */
  private unsynced: string | undefined;
  /** What the leader has kept back for this member. Undefined: it is none of ours, and keeps nothing back. */
  private keptBack: readonly TopicPartition[] | undefined;
  /** What the last JoinGroup said that this member is at work in. */
  private said: readonly TopicPartition[] = [];
  /** Everything leaves with this join. */
  private ending = false;
  /** It has: with the next one the membership ends. */
  private handedOver = false;
  /** Everything that follows from the joins so far: one after the other. Never rejects. */
  private telling: Promise<void> = Promise.resolve();
  /** The last `assigned`. Never rejects. */
  private assigning: Promise<unknown> = Promise.resolve();
  /** The hand-overs after joins; one may begin while another is under way. */
  private releasing: Promise<unknown> = Promise.resolve();
  /** Ends with the next join or loss. */
  private turn = new Term();
  /** A join was begun and not finished since the last assignment. */
  private passed = false;
  /** The gate being passed; two fetch loops may come to it at once. */
  private gate: Promise<void> | undefined;
  private stopping = false;
  private rejoinDue = false;
  private failure: Error | undefined;
  private state: DriverConsumerState = 'connecting';
  /** The listener was told that the brokers are silent, and nothing since. */
  private silence = false;
  private rejoinTimer: NodeJS.Timeout | undefined;
  /** What the gate threw to make kafkajs leave. */
  private leaving: Error | undefined;
  private calm: Promise<void> = Promise.resolve();
  private calmDown: () => void = () => undefined;

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

  fetchable(): Iterable<HeldPartition> {
    return this.holdings.fetchable();
  }

  find(topic: string, partition: number): HeldPartition | undefined {
    return this.holdings.find(topic, partition);
  }

  // ---------------------------------------------------------------- commits

  ticket(partitions: readonly TopicPartition[]): CommitTicket {
    return { term: this.term, held: partitions.map((one) => ({ ...one, as: this.find(one.topic, one.partition) })) };
  }

  refusal({ term, held }: CommitTicket): string | undefined {
    if (term !== this.term) return 'the assignment it belongs to is over';
    if (this.phase === 'outside' || this.phase === 'joining' || this.phase === 'left') return REFUSALS[this.phase];
    const foreign = held.find(({ topic, partition, as }) => !as || this.find(topic, partition) !== as);
    return foreign && `${foreign.topic}/${foreign.partition} is not held by this member`;
  }

  get mayCommit(): boolean {
    return this.phase !== 'rejoining';
  }

  calmed(): Promise<void> {
    return this.calm;
  }

  fenced(error: Error): void {
    this.lose(error);
  }

  // ---------------------------------------------------------------- the way into a join

  /** Awaited before each JoinGroup. The old generation is still valid here. */
  beforeJoin(): Promise<void> {
    this.gate ??= this.passGate().finally(() => (this.gate = undefined));
    return this.gate;
  }

  private async passGate(): Promise<void> {
    this.rejoinDue = false;
    // A join that came to no end: the group may have made a generation in which somebody else had what is held here.
    if (this.phase === 'joining') this.passed = true;
    const agreed = this.unsynced ?? PROTOCOL_NAMES.cooperative;
    if (this.phase === 'rejoining' && agreed !== PROTOCOL_NAMES.cooperative) this.lose(new Error(PASSED));
    if (this.phase === 'member' && !this.cooperative) await this.handOver();
    else if (this.phase === 'member' && this.staysAtWork) await this.stayAtWork();
    if (!this.stopping || (this.phase === 'rejoining' && this.staysAtWork)) return;
    this.enter('left');
    // kafkajs leaves the group on an error it cannot retry. Joining again only to leave would wait for the slowest
    // of the other members.
    throw (this.leaving ??= new kafkajs.KafkaJSNonRetriableError('stopping: leaves instead of joining again'));
  }

  /**
   * One that is about to stop joins once more all the same, as long as it has something: before the join the whole group
   * would wait for its handlers. Everything is handed over then, with the group at work.
   */
  private get staysAtWork(): boolean {
    return !this.stopping || (this.holdings.size > 0 && !this.handedOver);
  }

  /** Nothing is asked for; only no commit may be under way when the generation changes. */
  private async stayAtWork(): Promise<void> {
    const { epoch } = this;
    this.tellState('rebalancing');
    await settledWithin(this.assigning, this.timing.assignMs);
    if (this.epoch !== epoch) return;
    this.enter('rejoining');
    await settledWithin(this.commits.quiet(), COMMIT_MS);
  }

  private async handOver(): Promise<void> {
    const until = Date.now() + this.timing.revokeMs;
    const { epoch } = this;
    this.enter('revoking');
    this.ready = false;
    this.tellState('rebalancing');
    await settledWithin(this.assigning, this.timing.assignMs);
    // Fenced meanwhile: nothing is left to hand over.
    if (this.epoch === epoch) {
      const left = until - Date.now();
      // What is being handed over already is not asked for again.
      await settledWithin(Promise.all([this.revoke(this.holdings.askable(true), left), this.releasing]), left);
    }
    if (this.phase === 'revoking') this.enter('joining');
    // What was queued is refused from here on; what runs is awaited, and checked again should it be sent later.
    await settledWithin(this.commits.idle(), Math.max(until - Date.now(), COMMIT_MS));
  }

  private async revoke(asked: readonly HeldPartition[], ms: number): Promise<void> {
    if (asked.length === 0) return;
    for (const held of asked) held.standing = 'leaving';
    await this.listener.revoking(asked.map(nameOf), ms);
  }

  /** What this member says of itself in a JoinGroup, right before it is sent. */
  claims(strategy: AssignmentStrategy): Claims | undefined {
    const released = this.phase !== 'rejoining';
    this.said = released ? [] : this.holdings.claims;
    // What an eager protocol is told of nobody is at work in, and a follower that says the same again keeps its part.
    if (released && (strategy === 'range' || strategy === 'round-robin')) return undefined;
    if (this.memberId === undefined) return undefined;
    return { memberId: this.memberId, owned: this.holdings.claims, since: this.holdings.since, released };
  }

  joinAnswered({ generationId, memberId, groupProtocol }: JoinAnswer): void {
    // One that passed in between may have been an eager one.
    const missed = this.generation >= 0 && generationId > this.generation + 1;
    if (missed && this.phase === 'rejoining' && memberId === this.memberId) this.lose(new Error(PASSED));
    this.generation = generationId;
    this.unsynced = groupProtocol;
    this.keptBack = undefined;
  }

  assignmentRead(memberAssignment: Buffer): void {
    this.keptBack = withheldIn(memberAssignment);
  }

  refused(error: unknown, { memberId, groupGenerationId }: MemberRequest): void {
    if (memberId === '' || memberId !== this.memberId) return;
    const type = brokerErrorType(error);
    // One that was overtaken by a join is about a generation of the past.
    const current = groupGenerationId === undefined || groupGenerationId === this.generation;
    if (type === 'UNKNOWN_MEMBER_ID' || (type === 'ILLEGAL_GENERATION' && current)) this.lose(ensureError(error));
  }

  // ---------------------------------------------------------------- the way out of it

  /** kafkajs' group_join, synchronously before the first fetch round of the generation. */
  joined({ memberId, memberAssignment, groupProtocol, isLeader }: ConsumerGroupJoinEvent['payload']): void {
    if (this.phase === 'left') return;
    const { generation } = this;
    if (this.memberId !== undefined && this.memberId !== memberId) {
      this.lose(new Error(`member ${this.memberId} is not known any more; joined as ${memberId}`));
    }
    if (this.passed) this.lose(new Error(PASSED));
    const atWork = this.phase === 'rejoining';
    this.generation = generation;
    this.passed = false;
    this.unsynced = undefined;
    this.memberId = memberId;
    this.nextTurn();
    this.cooperative = groupProtocol === PROTOCOL_NAMES.cooperative;
    if (atWork) this.goOn(memberAssignment);
    else this.startAnew(memberAssignment);
    this.enter('member');
    // The group keeps it back for this member, which has lost it since it said so: it goes to nobody until it says else.
    const waits = this.cooperative || this.keptBack !== undefined;
    if (waits && this.said.some((one) => !this.holdings.isClaimed(one))) this.rejoinNow();
    const assignment: Assignment = {
      generation: this.generation,
      memberId,
      protocol: groupProtocol,
      isLeader,
      partitions: Array.from(this.holdings.mine(), nameOf),
    };
    const { epoch } = this;
    this.telling = this.telling.then(() => this.tell(epoch, assignment));
  }

  private startAnew(given: Readonly<Record<string, readonly number[]>>): void {
    this.renewTerm();
    this.ready = false;
    this.holdings.replace(given, this.generation);
  }

  /**
   * kafkajs goes back to the committed offset of every partition in each join. A seek made now is applied at the top of
   * the fetch round that follows, before the offsets are looked up; so what is kept goes on at once.
   */
  private goOn(given: Readonly<Record<string, readonly number[]>>): void {
    const keptBack = new Set(this.keptBack?.map(({ topic, partition }) => partitionKey(topic, partition)));
    // Under the cooperative protocol nothing that a member says it has is given to anybody else.
    const lost = this.holdings.merge(given, this.generation, (key) => this.cooperative || keptBack.has(key));
    for (const held of this.holdings.mine()) {
      if (held.standing === 'open') this.control.seek(held);
      else this.control.pause(held); // until the engine has said where it starts
    }
    this.ending = this.stopping;
    if (lost.length > 0) this.listener.lost(lost, new Error('given to others by a leader that waits for nobody'));
  }

  private async tell(epoch: number, assignment: Assignment): Promise<void> {
    if (epoch !== this.epoch) return; // a later join has come, whose assignment holds
    try {
      if (!(await this.release(epoch))) return;
      const back = this.holdings.tell(assignment.partitions);
      if (back.length > 0) this.listener.lost(back, new Error('somebody else may have had them in between'));
      this.ready = false;
      const assigned = this.listener.assigned(assignment);
      this.assigning = assigned.catch(() => undefined);
      const positions = await assigned;
      if (epoch === this.epoch && (this.phase === 'member' || this.phase === 'rejoining')) this.place(positions);
    } catch (error) {
      if (epoch === this.epoch) this.assignFailed(ensureError(error));
    }
  }

  /**
   * Hands over what the join did not give, and has the group join again to give it away. False where that is for a later
   * join to tell of.
   */
  private async release(epoch: number): Promise<boolean> {
    const { term } = this;
    const ms = this.timing.releaseMs;
    const asked = this.holdings.askable(this.ending);
    if (asked.length > 0) {
      const released = settledWithin(Promise.race([this.revoke(asked, ms), term.over]), ms);
      this.releasing = Promise.all([this.releasing, released]);
    }
    // The next join may take more: that is asked for at once, and not when this has been handed over.
    await Promise.race([this.releasing, this.turn.over]);
    // A join is under way, in which the group is still told that this member has them.
    if (epoch !== this.epoch || this.phase !== 'member') return false;
    if (this.ending) {
      this.handedOver = true;
      this.rejoinNow();
    } else if (this.holdings.release(this.generation)) this.rejoinNow();
    return !this.ending;
  }

  private place(positions: readonly StartPosition[]): void {
    const jumps = new Map(Array.from(this.holdings.mine(), (held) => [held, held.jumps]));
    for (const { topic, partition, offset } of positions) this.find(topic, partition)?.startAt(offset);
    for (const [held, before] of jumps) {
      // What has gone on since the join stands where it should.
      if (held.standing !== 'open' || held.jumps !== before) this.control.seek(held);
      held.standing = 'open';
    }
    this.ready = true;
    if (this.phase === 'member') this.tellState('joined');
    this.intake.reopen(jumps.keys());
    this.room.wake();
  }

  private assignFailed(error: Error): void {
    this.tellState(
      'crashed',
      new ClientCrashError('CLIENT_CRASHED', `no start positions: ${error.message}`, true, { cause: error }),
    );
    this.rejoin(1000);
  }

  // ---------------------------------------------------------------- joins of our own wish

  /** Joins again after a while, at the top of a fetch round. */
  rejoin(afterMs: number): void {
    clearTimeout(this.rejoinTimer);
    this.rejoinTimer = setTimeout(() => this.rejoinNow(), afterMs);
  }

  private rejoinNow(): void {
    this.rejoinDue = true;
    this.room.wake();
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

  // ---------------------------------------------------------------- silence

  /** Still a member as far as anybody knows: nothing is lost, and nobody can say that it is not. */
  silent(ms: number): void {
    if (this.phase !== 'member' || !this.ready || this.state !== 'joined' || this.stopping) return;
    const message = `no answer from the group's coordinator for ${ms} ms; goes on trying`;
    this.tellState('connecting', new KafkaWorkerError('CONNECTION', message, { canRetry: true }));
    this.silence = true;
  }

  heard(): void {
    if (!this.silence) return;
    this.silence = false;
    if (this.phase === 'member' && this.ready) this.tellState('joined');
  }

  /** No broker answers: whoever waits for one waits in vain. */
  get isSilent(): boolean {
    return this.silence;
  }

  // ---------------------------------------------------------------- losses and the end

  /** Everything held is somebody else's already. */
  lose(cause: Error): void {
    const lost = this.holdings.clear();
    if (this.phase !== 'left') this.enter('outside');
    this.nextTurn();
    this.generation = -1;
    this.ready = false;
    this.silence = false;
    this.ending = false;
    this.renewTerm();
    if (lost.length > 0) this.listener.lost(lost, cause);
  }

  /** One partition cannot be read on where it stands. It comes back as a new one with the join that must follow. */
  loseOne(held: HeldPartition, cause: Error): void {
    if (this.holdings.drop(held)) this.listener.lost([nameOf(held)], cause);
  }

  /** From now on a join ends the membership. */
  stop(): void {
    this.stopping = true;
    clearTimeout(this.rejoinTimer);
  }

  /** No commit and no record from here on. */
  leave(): void {
    this.stop();
    this.enter('left');
    this.ready = false;
    this.nextTurn();
    this.holdings.clear();
    this.renewTerm();
    this.room.wake();
  }

  /** True for the crash that the gate itself caused in order to leave. */
  isLeaving(error: unknown): boolean {
    return this.stopping && this.leaving !== undefined && ensureError(error).message === this.leaving.message;
  }

  get over(): boolean {
    return this.phase === 'left';
  }

  get isStopping(): boolean {
    return this.stopping;
  }

  private nextTurn(): void {
    this.epoch++;
    this.turn.end();
    this.turn = new Term();
  }

  private renewTerm(): void {
    this.term.end();
    this.term = new Term();
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.calmDown();
    if (phase === 'rejoining') this.calm = new Promise((resolve) => (this.calmDown = resolve));
  }

  /** A join may begin while one is being dealt with: it is told of once. */
  private tellState(state: DriverConsumerState, cause?: Error): void {
    if (state === 'rebalancing' && this.state === state) return;
    this.state = state;
    this.silence = false;
    this.listener.stateChanged(state, cause);
  }
}

const PASSED = 'a generation may have passed of which this member did not learn its part';

const REFUSALS: Readonly<Record<'outside' | 'joining' | 'left', string>> = {
  outside: 'this process is not a member of the group',
  joining: 'the group is joining anew',
  left: 'this member has left the group',
};

function nameOf({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
