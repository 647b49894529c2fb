import type { OffsetCommit, TimerHandle, TopicPartition } from '@kafka-worker/engine';
import { deferred } from '../clock/deferred.js';
import type { Scheduler } from '../scheduler.js';
import type { Topics } from '../log/topics.js';
import type { GroupAssignment } from './assignors.js';
import { checkOffset } from './check-offset.js';
import { type CoordinatorAway, GroupError, type GroupErrorType } from './group-error.js';
import { GroupMember, type JoinAnswer, type JoinRequest, type Silence } from './group-member.js';
import { OffsetStore } from './offset-store.js';

/**
 * Empty                no members; committed offsets stay
 * PreparingRebalance   waits for every member's JoinGroup, at most the longest rebalance timeout
 * CompletingRebalance  the generation is made; waits for the leader's assignment
 * Stable               everybody has it
 */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** What of a group its coordinator keeps in a log, and a new one reads: the last generation that was shared out. */
interface StoredGroup {
  readonly generation: number;
  readonly protocol: string;
  readonly leaderId: string;
  readonly members: readonly {
    readonly member: GroupMember;
    readonly request: JoinRequest;
    readonly assignment: readonly TopicPartition[];
  }[];
}

/** One consumer group at its broker: the classic protocol, without the wire. */
export class GroupCoordinator {
  readonly offsets = new OffsetStore();
  /** Ids given out to members that have not joined with them yet. */
  readonly #allocated = new Set<string>();
  readonly #members = new Map<string, GroupMember>();
  #state: GroupState = 'Empty';
  #generation = 0;
  #protocol = '';
  #leaderId = '';
  /** Invariant: set exactly while the state is PreparingRebalance. */
  #rebalanceTimer: TimerHandle | undefined;
  /** Members of this generation whose SyncGroup has not come. Empty while the state is PreparingRebalance. */
  readonly #unsynced = new Set<string>();
  /** Invariant: set exactly while somebody is in `#unsynced`. */
  #syncTimer: TimerHandle | undefined;
  #stored: StoredGroup = { generation: 0, protocol: '', leaderId: '', members: [] };
  /** Set while the group is on its way to another coordinator: what every request is refused with. */
  #away: CoordinatorAway | undefined;
  #arrival: TimerHandle | undefined;
  /** A join into an empty group is not completed before this. Milliseconds since the epoch. */
  #notBefore = 0;
  /** True while a look at "are all here?" is scheduled: this is what lets joins of one moment share a generation. */
  #completionScheduled = false;

  constructor(
    readonly groupId: string,
    readonly scheduler: Scheduler,
    readonly initialRebalanceDelayMs: number,
    readonly topics: Topics,
    /** Shared by all groups of a cluster, so that a member id names one consumer. */
    readonly nextMemberNumber: () => number,
  ) {}

  get state(): GroupState {
    return this.#state;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Protocol of the current generation; empty before the first. */
  get protocol(): string {
    return this.#protocol;
  }

  members(): readonly GroupMember[] {
    return [...this.#members.values()];
  }

  has(memberId: string): boolean {
    return this.#members.has(memberId);
  }

  /** Ids sort in the order in which they were given out. */
  allocateMemberId(clientId: string): string {
    const memberId = `${clientId}-${String(this.nextMemberNumber()).padStart(4, '0')}`;
    this.#allocated.add(memberId);
    return memberId;
  }

  /** JoinGroup. Settles when the generation is complete; rejects with a {@link GroupError}. */
  join(request: JoinRequest): Promise<JoinAnswer> {
    if (this.#away) return refuse(this.#away, this.groupId);
    let member = this.#members.get(request.memberId);
    if (!member && !this.#allocated.delete(request.memberId)) return refuse('UNKNOWN_MEMBER_ID', request.memberId);
    if (!commonProtocol([request, ...this.members().map((m) => m.request)])) {
      return refuse('INCONSISTENT_GROUP_PROTOCOL', `${request.protocols.join(', ')} against ${this.#protocol}`);
    }
    if (member && !this.#movedBy(member, request)) return Promise.resolve(this.#answer(member));
    const wasEmpty = this.#members.size === 0;
    if (!member) this.#members.set(request.memberId, (member = new GroupMember(request)));
    member.request = request;
    member.joining ??= deferred<JoinAnswer>();
    const { promise } = member.joining;
    this.#watch(member);
    if (wasEmpty) this.#notBefore = this.scheduler.clock.now() + this.initialRebalanceDelayMs;
    this.#prepare();
    this.#scheduleCompletion();
    return promise;
  }

  /** SyncGroup; the leader brings the assignment. Settles with the member's own part. */
  sync(memberId: string, generation: number, assignment?: GroupAssignment): Promise<readonly TopicPartition[]> {
    if (this.#away) return refuse(this.#away, this.groupId);
    const member = this.#members.get(memberId);
    if (!member) return refuse('UNKNOWN_MEMBER_ID', memberId);
    if (generation !== this.#generation) return refuse('ILLEGAL_GENERATION', `${generation}, is ${this.#generation}`);
    if (this.#state === 'PreparingRebalance') return refuse('REBALANCE_IN_PROGRESS', this.groupId);
    this.#synced(memberId);
    if (this.#state === 'Stable') return Promise.resolve(member.assignment);
    member.syncing ??= deferred<readonly TopicPartition[]>();
    const { promise } = member.syncing;
    this.#watch(member);
    if (memberId === this.#leaderId && assignment) this.#share(assignment);
    return promise;
  }

  /** Heartbeat. Returns why it is refused; undefined when all is well, as it is between JoinGroup and SyncGroup too. */
  heartbeat(memberId: string, generation: number): GroupError | undefined {
    const refusal = this.#check(memberId, generation);
    if (refusal) return refusal;
    this.#renew(memberId);
    return this.#state === 'PreparingRebalance' ? new GroupError('REBALANCE_IN_PROGRESS', this.groupId) : undefined;
  }

  /** LeaveGroup. Throws a {@link GroupError} for a member it does not know, and while the coordinator is away. */
  leave(memberId: string): void {
    if (this.#away) throw new GroupError(this.#away, this.groupId);
    const known = this.#allocated.delete(memberId) || this.#remove(memberId);
    if (!known) throw new GroupError('UNKNOWN_MEMBER_ID', memberId);
  }

  /** The member is out: its session is over, or it was fenced. It hears of it with its next heartbeat. */
  expel(memberId: string): void {
    this.#remove(memberId)?.request.notify();
  }

  /** OffsetFetch: throws a {@link GroupError} while the coordinator is away. */
  stored(): OffsetStore {
    if (this.#away) throw new GroupError(this.#away, this.groupId);
    return this.offsets;
  }

  /**
   * The generation goes on by one without the members having heard of it, as when the answers to their joins were lost.
   * Their next requests are refused with ILLEGAL_GENERATION.
   */
  passGeneration(): void {
    if (this.#state === 'Empty') return;
    this.#generation++;
    if (this.#state === 'Stable') this.#store();
    for (const member of this.#members.values()) member.request.notify();
  }

  /**
   * The group moves to another coordinator, which takes `forMs`. Requests are refused meanwhile, hanging ones too.
   * What the new one finds is what the old one had stored: offsets, and the members of the last generation that was
   * shared out. A rebalance under way is forgotten; members that left in it are back until their session ends.
   */
  move(forMs: number, refusal: CoordinatorAway): void {
    const { members, ...stored } = this.#stored;
    const living = new Set(this.#members.values());
    this.#away = refusal;
    this.#endRebalance();
    this.#expectNoSync();
    for (const member of living) {
      const error = new GroupError(refusal, this.groupId);
      member.joining?.reject(error);
      member.syncing?.reject(error);
      member.joining = undefined;
      member.syncing = undefined;
      member.request.notify();
    }
    for (const member of this.#members.values()) this.#unwatch(member);
    this.#allocated.clear();
    this.#members.clear();
    for (const { member, request, assignment } of members) {
      if (!living.has(member)) member.silences.add('crashed');
      member.request = request;
      member.assignment = assignment;
      this.#members.set(member.id, member);
    }
    this.#generation = stored.generation;
    this.#protocol = stored.protocol;
    this.#leaderId = stored.leaderId;
    this.#state = members.length === 0 ? 'Empty' : 'Stable';
    this.scheduler.clearTimer(this.#arrival);
    this.#arrival = this.scheduler.setTimer(() => {
      this.#away = undefined;
      for (const member of this.#members.values()) this.#watch(member);
    }, forMs);
  }

  /**
   * No heartbeat of the member arrives from now on. Its session ends one session timeout later, or after the last
   * request that renews it; while a JoinGroup or SyncGroup of it hangs it goes on.
   */
  silent(memberId: string, why: Silence): void {
    const member = this.#members.get(memberId);
    member?.silences.add(why);
    if (member) this.#watch(member);
  }

  /** Ends {@link silent}. */
  heard(memberId: string, why: Silence): void {
    const member = this.#members.get(memberId);
    member?.silences.delete(why);
    if (member) this.#watch(member);
  }

  /**
   * OffsetCommit. Checks what a broker checks: member, generation, state of the group; then of each offset by itself
   * that the partition exists and how long the metadata is, and stores the others.
   * Not who owns the partition: a member of the right generation may commit for any. One that passes the checks of
   * the member renews its session.
   * Returns the first refusal; undefined when all of it was stored.
   */
  commit(memberId: string, generation: number, offsets: readonly OffsetCommit[]): GroupError | undefined {
    // A group without members takes offsets from anybody who claims no generation, as admin clients do.
    const anonymous = generation < 0 && this.#state === 'Empty' && !this.#away;
    const refusal = anonymous ? undefined : this.#check(memberId, generation);
    if (refusal) return refusal;
    if (this.#state === 'CompletingRebalance') {
      return new GroupError('REBALANCE_IN_PROGRESS', `group "${this.groupId}" is between JoinGroup and SyncGroup`);
    }
    this.#renew(memberId);
    let first: GroupError | undefined;
    for (const offset of offsets) {
      const refused = checkOffset(this.topics, offset);
      if (!refused) this.offsets.put(offset);
      else first ??= new GroupError(refused.type, refused.message);
    }
    return first;
  }

  #check(memberId: string, generation: number): GroupError | undefined {
    if (this.#away) return new GroupError(this.#away, this.groupId);
    if (!this.#members.has(memberId)) {
      return new GroupError('UNKNOWN_MEMBER_ID', `member "${memberId}" is not in group "${this.groupId}"`);
    }
    if (generation === this.#generation) return undefined;
    return new GroupError('ILLEGAL_GENERATION', `generation ${generation}, the group is at ${this.#generation}`);
  }

  /** A request that counts as a sign of life. */
  #renew(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member?.sessionTimer === undefined) return;
    this.#unwatch(member);
    this.#watch(member);
  }

  /** Sets or clears the session timer as the member's state asks for. */
  #watch(member: GroupMember): void {
    const watched = member.silences.size > 0 && !member.waits && !this.#away;
    if (!watched) return this.#unwatch(member);
    member.sessionTimer ??= this.scheduler.setTimer(() => this.expel(member.id), member.request.sessionTimeoutMs);
  }

  #unwatch(member: GroupMember): void {
    if (member.sessionTimer === undefined) return;
    this.scheduler.clearTimer(member.sessionTimer);
    member.sessionTimer = undefined;
  }

  #remove(memberId: string): GroupMember | undefined {
    const member = this.#members.get(memberId);
    if (!member) return undefined;
    this.#members.delete(memberId);
    this.#synced(memberId);
    this.#unwatch(member);
    const gone = new GroupError('UNKNOWN_MEMBER_ID', memberId);
    member.joining?.reject(gone);
    member.syncing?.reject(gone);
    this.#prepare();
    this.#scheduleCompletion();
    return member;
  }

  #prepare(): void {
    if (this.#state === 'PreparingRebalance') return;
    this.#state = 'PreparingRebalance';
    this.#expectNoSync();
    for (const member of this.#members.values()) {
      member.syncing?.reject(new GroupError('REBALANCE_IN_PROGRESS', this.groupId));
      member.syncing = undefined;
      this.#watch(member);
      if (!member.joining) member.request.notify();
    }
    this.#rebalanceTimer = this.scheduler.setTimer(() => this.#complete(), this.#rebalanceTimeoutMs());
  }

  #scheduleCompletion(): void {
    if (this.#completionScheduled) return;
    this.#completionScheduled = true;
    const delayMs = this.#notBefore - this.scheduler.clock.now();
    this.scheduler.later(
      () => {
        this.#completionScheduled = false;
        if (this.#state !== 'PreparingRebalance') return;
        if (this.members().every((member) => member.joining)) this.#complete();
      },
      Math.max(0, delayMs),
    );
  }

  /** All are here, or time is up: whoever has not joined by now is out. */
  #complete(): void {
    this.#endRebalance();
    const late: GroupMember[] = [];
    for (const member of this.members()) {
      if (member.joining) continue;
      this.#members.delete(member.id);
      this.#unwatch(member);
      late.push(member);
    }
    this.#generation++;
    const members = this.members();
    const [leader] = members;
    if (!leader) {
      this.#state = 'Empty';
      this.#store();
    } else {
      this.#state = 'CompletingRebalance';
      this.#protocol = commonProtocol(members.map((m) => m.request)) ?? '';
      this.#leaderId = leader.id;
      for (const member of members) {
        member.joining?.resolve(this.#answer(member));
        member.joining = undefined;
        this.#watch(member);
      }
      this.#expectSync();
    }
    for (const member of late) member.request.notify();
  }

  /** Whoever has joined has the time of a rebalance once more to ask for its part; heartbeats alone are not enough. */
  #expectSync(): void {
    for (const memberId of this.#members.keys()) this.#unsynced.add(memberId);
    this.#syncTimer = this.scheduler.setTimer(() => {
      for (const memberId of [...this.#unsynced]) this.expel(memberId);
    }, this.#rebalanceTimeoutMs());
  }

  #synced(memberId: string): void {
    this.#unsynced.delete(memberId);
    if (this.#unsynced.size === 0) this.#expectNoSync();
  }

  #expectNoSync(): void {
    this.#unsynced.clear();
    this.scheduler.clearTimer(this.#syncTimer);
    this.#syncTimer = undefined;
  }

  #rebalanceTimeoutMs(): number {
    return Math.max(0, ...this.members().map((member) => member.request.rebalanceTimeoutMs));
  }

  #endRebalance(): void {
    this.scheduler.clearTimer(this.#rebalanceTimer);
    this.#rebalanceTimer = undefined;
  }

  /**
   * Whether a JoinGroup of a known member starts a new generation, or waits for the one under way. It does not where
   * it asks for nothing new of a generation that is made already: then only the answer got lost. The leader's starts
   * one all the same once the partitions are shared out.
   */
  #movedBy(member: GroupMember, request: JoinRequest): boolean {
    if (this.#state === 'PreparingRebalance' || this.#state === 'Empty') return true;
    return (this.#state === 'Stable' && member.id === this.#leaderId) || !sameMetadata(member.request, request);
  }

  #answer(member: GroupMember): JoinAnswer {
    const everybody = this.members().map((m) => ({ memberId: m.id, topics: m.request.topics, owned: m.request.owned }));
    return {
      generation: this.#generation,
      protocol: this.#protocol,
      leaderId: this.#leaderId,
      members: member.id === this.#leaderId ? everybody : [],
    };
  }

  #store(): void {
    this.#stored = {
      generation: this.#generation,
      protocol: this.#protocol,
      leaderId: this.#leaderId,
      members: this.members().map((member) => ({ member, request: member.request, assignment: member.assignment })),
    };
  }

  #share(assignment: GroupAssignment): void {
    this.#state = 'Stable';
    for (const member of this.#members.values()) {
      member.assignment = assignment.get(member.id) ?? [];
      member.syncing?.resolve(member.assignment);
      member.syncing = undefined;
      this.#watch(member);
    }
    this.#store();
  }
}

/** What a leader assigns by. */
function sameMetadata(a: JoinRequest, b: JoinRequest): boolean {
  const metadata = ({ protocols, topics, owned }: JoinRequest): string => JSON.stringify([protocols, topics, owned]);
  return metadata(a) === metadata(b);
}

function commonProtocol(requests: readonly Pick<JoinRequest, 'protocols'>[]): string | undefined {
  return requests[0]?.protocols.find((name) => requests.every((request) => request.protocols.includes(name)));
}

function refuse(type: GroupErrorType, message: string): Promise<never> {
  return Promise.reject(new GroupError(type, message));
}
