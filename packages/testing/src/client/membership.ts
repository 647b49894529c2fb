import {
  type DriverConsumerListener,
  type DriverConsumerState,
  ensureError,
  KafkaWorkerError,
  partitionKey,
  type StartPosition,
  type TimerHandle,
  type TopicPartition,
} from '@kafka-worker/engine';
import type { ClusterCore } from '../cluster-core.js';
import {
  assignCooperativeSticky,
  assignRoundRobin,
  COOPERATIVE_STICKY,
  type GroupAssignment,
  ROUND_ROBIN,
} from '../group/assignors.js';
import type { GroupCoordinator } from '../group/group-coordinator.js';
import { GroupError, isAway } from '../group/group-error.js';
import type { JoinAnswer } from '../group/group-member.js';
import type { Connection } from './connection.js';
import type { Fetcher } from './fetcher.js';
import { type MemberNotice, Notices } from './notices.js';

/** How long a client waits before it asks again where asking at once is of no use. Milliseconds. */
export const RETRY_MS = 100;

/**
 * How long a client that leaves waits for a JoinGroup under way, which is answered when the slowest member has joined,
 * and for LeaveGroup behind it. Then it goes without a word, and is missed when its session ends. Milliseconds.
 */
const JOIN_PATIENCE_MS = 5_000;

/** What a membership is made with. */
export interface MembershipSetup {
  readonly core: ClusterCore;
  readonly listener: DriverConsumerListener;
  readonly fetcher: Fetcher;
  readonly connection: Connection;
  readonly group: GroupCoordinator;
  readonly clientId: string;
  readonly incremental: boolean;
  readonly heartbeatsDuringRevoke: boolean;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly fromBeginning: boolean;
  /** True once the engine announced that `stop` will follow. */
  readonly isStopping: () => boolean;
  readonly changed: (state: DriverConsumerState, cause?: Error) => void;
  readonly ended: (state: 'stopped' | 'crashed', cause?: Error) => void;
}

/**
 * The client's side of a group: one loop that joins, waits for what its heartbeats are answered and joins again.
 * Everything that happens to the membership happens in this loop, one after the other; whatever comes from outside
 * only posts a notice.
 */
export class Membership {
  /** Empty until the group has given one out, and after a fence. */
  memberId = '';
  /** Generation that commits are made under: that of the last `assigned`, or about to be. */
  generation = -1;
  readonly #notices = new Notices();
  /** Partitions the engine has already been asked for since the last `assigned`: it is not asked twice. */
  readonly #revoked = new Set<string>();
  /** Generation of the last `assigned`; -1 where nothing is held. */
  #told = -1;
  /** The last call of `assigned`: there is never a second one beside it. */
  #assigning: Promise<unknown> = Promise.resolve();
  /** From JoinGroup to the answer to SyncGroup: no heartbeat is sent. */
  #joining = false;
  /** The group has made a generation of which the member does not know its part yet: the one it holds is over. */
  #unsynced = false;
  /** The client waits for the engine and sends no heartbeats meanwhile. */
  #quiet = false;
  /** A heartbeat that was due while none was sent. */
  #heartbeatDue = false;
  /** Set while a join of the client's own wish is due. */
  #rejoin: TimerHandle | undefined;
  #alive = true;
  #loop: Promise<void> = Promise.resolve();

  constructor(private readonly setup: MembershipSetup) {}

  run(): void {
    this.#loop = this.#run();
  }

  /** The position of a partition is not in its log: it is lost, and comes back with the join that follows. */
  outOfRange(partition: TopicPartition, cause: Error): void {
    const { listener, fetcher, core } = this.setup;
    fetcher.drop([partition]);
    listener.lost([partition], cause);
    this.#rejoin ??= core.scheduler.setTimer(() => {
      this.#rejoin = undefined;
      this.#notices.post('rebalance');
    }, RETRY_MS);
  }

  /** Told by the answer to a request of the member of that id. */
  told(memberId: string, notice: MemberNotice): void {
    if (!this.#alive || memberId !== this.memberId) return;
    this.#notices.post(notice);
  }

  /** Leaves the group. No call of the listener is made from now on. */
  async leave(): Promise<void> {
    const { core, connection } = this.setup;
    const patience = this.#joining ? core.scheduler.setTimer(() => connection.cut(), JOIN_PATIENCE_MS) : undefined;
    this.abandon();
    await this.#sayLeave();
    await this.#loop;
    core.scheduler.clearTimer(patience);
  }

  /** Stops silently. */
  abandon(): void {
    this.#alive = false;
    this.setup.core.scheduler.clearTimer(this.#rejoin);
    this.#notices.post('stop');
  }

  async #run(): Promise<void> {
    for (let first = true; this.#alive; first = false) {
      if (!first) this.setup.changed('rebalancing');
      try {
        await this.#joinOnce();
      } catch (error) {
        if (!this.#alive) return;
        const notice = whatNow(error);
        if (!notice) return this.#crash(error);
        if (isAway(error)) await this.setup.core.scheduler.sleep(RETRY_MS);
        this.#notices.post(notice);
      }
      await this.#notices.any();
      if (!this.#alive) return;
      const { pending } = this.#notices;
      if (pending === 'fenced' || pending === 'passed') this.#lose(pending);
    }
  }

  async #joinOnce(): Promise<void> {
    const { setup } = this;
    // Under a generation that the group has left behind nothing can be committed: the join is finished first.
    const stopping = setup.isStopping() && !(setup.incremental && this.#unsynced);
    if (!setup.incremental || stopping) await this.#revoke(setup.fetcher.owned());
    if (this.#notices.interrupted) return;
    if (stopping) return this.#withdraw();

    const { answer, mine } = await this.#joinAndSync();
    if (this.#notices.interrupted) return;
    const ends = setup.incremental && setup.isStopping();
    const leaving = setup.fetcher.owned().filter((held) => ends || !mine.some((p) => same(p, held)));
    const again = setup.incremental && leaving.length > 0;
    if (setup.incremental) await this.#revoke(leaving);
    if (this.#notices.interrupted) return;
    if (ends) return this.#withdraw();
    setup.fetcher.drop(leaving);
    await this.#take(mine, answer);
    // The second round: what was let go can be given away now.
    if (again) this.#notices.post('rebalance');
  }

  async #joinAndSync(): Promise<{ answer: JoinAnswer; mine: readonly TopicPartition[] }> {
    const { connection, group } = this.setup;
    this.#joining = true;
    try {
      const answer = await this.#askToJoin();
      this.#unsynced = true;
      const { memberId } = this;
      const assignment = answer.leaderId === memberId ? this.#assign(answer) : undefined;
      const mine = await connection.request(() => group.sync(memberId, answer.generation, assignment));
      if (this.#alive) this.generation = answer.generation;
      this.#unsynced = false;
      this.#joining = false;
      if (this.#heartbeatDue) void this.#heartbeat();
      return { answer, mine };
    } finally {
      this.#joining = false;
      this.#heartbeatDue = false;
    }
  }

  async #askToJoin(): Promise<JoinAnswer> {
    const { setup } = this;
    const { core, group } = setup;
    if (this.memberId === '') {
      const memberId = await setup.connection.request(() => group.allocateMemberId(setup.clientId));
      // Stopped meanwhile, and `leave` knew no id to leave with: joining now would make a member nobody looks after.
      if (!this.#alive) throw new GroupError('UNKNOWN_MEMBER_ID', 'the consumer was stopped');
      this.memberId = memberId;
    }
    const { memberId } = this;
    const answer = await setup.connection.request(() =>
      group.join({
        memberId,
        clientId: setup.clientId,
        protocols: [setup.incremental ? COOPERATIVE_STICKY : ROUND_ROBIN],
        topics: setup.topics,
        owned: setup.incremental ? setup.fetcher.owned() : [],
        sessionTimeoutMs: setup.sessionTimeoutMs,
        rebalanceTimeoutMs: setup.rebalanceTimeoutMs,
        notify: () => this.#heartbeatIn(core.options.heartbeatIntervalMs),
      }),
    );
    this.#notices.answered();
    return answer;
  }

  #heartbeatIn(ms: number): void {
    this.setup.core.scheduler.later(() => void this.#heartbeat(), ms);
  }

  /** The one heartbeat after something has changed. It is answered by how things stand when it arrives. */
  async #heartbeat(): Promise<void> {
    const { memberId, generation } = this;
    const { connection, core, group } = this.setup;
    this.#heartbeatDue = this.#joining || this.#quiet;
    if (this.#heartbeatDue || !this.#alive || generation < 0) return;
    try {
      const refusal = await connection.request(() => group.heartbeat(memberId, generation));
      // An answer that was overtaken by a join is about a generation of the past.
      if (!refusal || this.#joining || generation !== this.generation) return;
      if (refusal.type === 'COORDINATOR_LOAD_IN_PROGRESS') return this.#heartbeatIn(RETRY_MS);
      if (refusal.type === 'ILLEGAL_GENERATION') this.told(memberId, 'passed');
      else this.told(memberId, refusal.type === 'UNKNOWN_MEMBER_ID' ? 'fenced' : 'rebalance');
    } catch {
      // The answer was lost with the connection: the next heartbeat goes over the next one.
      if (!connection.dead) this.#heartbeatIn(core.options.heartbeatIntervalMs);
    }
  }

  #assign(answer: JoinAnswer): GroupAssignment {
    const partitions = this.setup.core.topics.partitionsOf(answer.members.flatMap((member) => member.topics));
    const assign = answer.protocol === COOPERATIVE_STICKY ? assignCooperativeSticky : assignRoundRobin;
    return assign(answer.members, partitions);
  }

  /** Asks the engine for partitions and waits, at most as long as the group would. */
  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const { listener, fetcher, core, rebalanceTimeoutMs } = this.setup;
    const asked = partitions.filter(({ topic, partition }) => !this.#revoked.has(partitionKey(topic, partition)));
    if (asked.length === 0) return;
    fetcher.hold(asked);
    for (const { topic, partition } of asked) this.#revoked.add(partitionKey(topic, partition));
    let timer: unknown;
    const deadline = new Promise<void>((resolve) => {
      timer = core.scheduler.setTimer(resolve, rebalanceTimeoutMs);
    });
    const silent = this.#fallSilent();
    await Promise.race([listener.revoking(asked, rebalanceTimeoutMs), deadline, this.#notices.interruption()]);
    silent.end();
    core.scheduler.clearTimer(timer);
  }

  /** Where the client's own loop sends no heartbeats while it waits for the engine: until `end` is called. */
  #fallSilent(): { end: () => void } {
    const { group, heartbeatsDuringRevoke } = this.setup;
    if (heartbeatsDuringRevoke) return { end: () => undefined };
    const { memberId } = this;
    this.#quiet = true;
    group.silent(memberId, 'revoking');
    const end = (): void => {
      this.#quiet = false;
      group.heard(memberId, 'revoking');
      if (this.#heartbeatDue) void this.#heartbeat();
    };
    return { end };
  }

  /** Gives the engine what the group gave the member, and starts to fetch where the engine says. */
  async #take(partitions: readonly TopicPartition[], answer: JoinAnswer): Promise<void> {
    const { listener, fetcher } = this.setup;
    fetcher.hold(fetcher.owned());
    await Promise.race([this.#assigning, this.#notices.interruption()]);
    if (this.#notices.interrupted) return;
    this.#revoked.clear();
    this.#loseIfPassed(answer.generation);
    this.#told = answer.generation;
    const assigned = listener.assigned({
      generation: answer.generation,
      memberId: this.memberId,
      protocol: answer.protocol,
      isLeader: answer.leaderId === this.memberId,
      partitions,
    });
    this.#assigning = assigned.catch(() => undefined);
    const starts = await Promise.race([assigned, this.#notices.interruption()]);
    if (!starts || this.#notices.interrupted) return this.#adopt(partitions);
    fetcher.assign(partitions.map((partition) => this.#start(partition, starts)));
    this.setup.changed('joined');
  }

  /**
   * Under a generation of which this member never learned its part, as when another join began before SyncGroup was
   * answered, somebody else may have had what it holds. Cooperative members are given nothing that others still own.
   */
  #loseIfPassed(generation: number): void {
    const { incremental, fetcher, listener } = this.setup;
    const held = fetcher.owned();
    if (incremental || held.length === 0 || generation <= this.#told + 1) return;
    fetcher.drop(held);
    const message = `generation ${this.#told + 1} has passed, and this member had no part in it`;
    listener.lost(held, new GroupError('ILLEGAL_GENERATION', message));
  }

  /** The engine knows of these partitions, but no record of them is handed over: they are lost before they began. */
  #adopt(partitions: readonly TopicPartition[]): void {
    if (!this.#alive) return;
    this.setup.fetcher.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
    this.setup.fetcher.hold(partitions);
  }

  #start(partition: TopicPartition, starts: readonly StartPosition[]): StartPosition {
    const { core, group, fetcher, fromBeginning } = this.setup;
    const { low, high } = core.topics.log(partition);
    const committed = group.offsets.committed(partition).offset ?? (fromBeginning ? low : high);
    const named = starts.find((start) => same(start, partition))?.offset;
    const offset = named ?? fetcher.position(partition) ?? committed;
    // delivered again, never passed over: after a seek backwards the committed offset may be the higher one
    return { ...partition, offset: core.faults.redelivers ? Math.min(committed, offset) : offset };
  }

  #lose(why: 'fenced' | 'passed'): void {
    const { fetcher, listener } = this.setup;
    const lost = fetcher.owned();
    const cause =
      why === 'fenced'
        ? new GroupError('UNKNOWN_MEMBER_ID', `the group does not know member "${this.memberId}" any more`)
        : new GroupError('ILLEGAL_GENERATION', `the group has gone on from generation ${this.generation} without it`);
    fetcher.drop(lost);
    this.#revoked.clear();
    // One that the group knows joins again as the same member.
    if (why === 'fenced') this.memberId = '';
    this.generation = -1;
    this.#told = -1;
    this.#unsynced = false;
    this.#notices.settled();
    if (lost.length > 0) listener.lost(lost, cause);
  }

  /** The engine is about to stop: no further generation for this member. */
  async #withdraw(): Promise<void> {
    await this.#sayLeave();
    if (!this.#alive) return;
    this.abandon();
    this.setup.ended('stopped');
  }

  async #sayLeave(): Promise<void> {
    const { memberId } = this;
    const { connection, group } = this.setup;
    if (memberId === '') return;
    try {
      await connection.request(() => group.leave(memberId));
    } catch {
      // A group that did not hear of it waits for the session to end.
      group.silent(memberId, 'crashed');
    }
  }

  #crash(error: unknown): void {
    const cause = ensureError(error);
    const { memberId } = this;
    this.abandon();
    this.setup.group.silent(memberId, 'crashed');
    this.setup.ended('crashed', new KafkaWorkerError('CLIENT_CRASHED', cause.message, { cause }));
  }
}

function same(a: TopicPartition, b: TopicPartition): boolean {
  return a.partition === b.partition && a.topic === b.topic;
}

/** What a client does about a join that failed; undefined: it gives up. */
function whatNow(error: unknown): MemberNotice | undefined {
  if (error instanceof KafkaWorkerError && error.code === 'CONNECTION') return 'rebalance';
  if (!(error instanceof GroupError)) return undefined;
  if (error.type === 'UNKNOWN_MEMBER_ID') return 'fenced';
  const again = isAway(error) || error.type === 'REBALANCE_IN_PROGRESS' || error.type === 'ILLEGAL_GENERATION';
  return again ? 'rebalance' : undefined;
}
