import {
  type CommittedOffset,
  CommitError,
  type DriverConsumer,
  type DriverConsumerListener,
  type DriverConsumerOptions,
  type DriverConsumerState,
  type GroupDescription,
  KafkaWorkerError,
  type LogRange,
  type OffsetCommit,
  type StartPosition,
  type TimerHandle,
  type TopicPartition,
} from '@kafka-worker/engine';
import type { ClusterCore } from '../cluster-core.js';
import { GroupError, isAway, toCommitError } from '../group/group-error.js';
import type { Isolation } from '../log/partition-log.js';
import { Connection, type DroppedOnTheWay } from './connection.js';
import { Fetcher } from './fetcher.js';
import { Membership, RETRY_MS } from './membership.js';

/** Options of a consumer with the driver's part filled in. */
export interface ConsumerSetup extends DriverConsumerOptions {
  readonly clientId: string;
  readonly incrementalRebalance: boolean;
  readonly heartbeatsDuringRevoke: boolean;
  readonly isolation: Isolation;
}

/** A member of a group of the in-memory cluster. Made by its driver. */
export class InMemoryConsumer implements DriverConsumer {
  readonly groupId: string;
  readonly #connection: Connection;
  readonly #fromBeginning: boolean;
  #listener: DriverConsumerListener | undefined;
  #fetcher: Fetcher | undefined;
  #membership: Membership | undefined;
  /** Set from `start` on: keeps the process alive until called. */
  #letGo: (() => void) | undefined;
  /** Set while the connection is down. */
  #reconnection: TimerHandle | undefined;
  #ended = false;
  #stopping = false;
  #stop: Promise<void> | undefined;

  constructor(
    private readonly core: ClusterCore,
    private readonly setup: ConsumerSetup,
  ) {
    this.groupId = setup.groupId;
    this.#fromBeginning = setup.fromBeginning ?? true;
    this.#connection = new Connection(core.nameClient(setup.clientId, 'consumer'), core.scheduler);
  }

  /** The id the group knows the member by; empty while it is not one. */
  get memberId(): string {
    return this.#membership?.memberId ?? '';
  }

  /** Generation of the last `assigned`; -1 before the first. */
  get generation(): number {
    return this.#membership?.generation ?? -1;
  }

  /** What the member owns now. */
  get assignment(): TopicPartition[] {
    return this.#fetcher?.owned() ?? [];
  }

  async start(listener: DriverConsumerListener): Promise<void> {
    if (this.#listener || this.#stop) throw new KafkaWorkerError('NOT_RUNNING', 'a consumer is started once');
    this.#listener = listener;
    this.core.consumers.add(this);
    this.#letGo = this.core.scheduler.stayAlive();
    this.#changed('connecting');
    try {
      await this.#ask(() => this.core.topics.check(this.setup.topics));
      if (!this.#ended) this.#join(listener, this.setup.topics);
    } catch (error) {
      this.#changed('stopped');
      this.#end();
      throw error;
    }
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#fetcher?.pause(partitions);
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#fetcher?.resume(partitions);
  }

  seek(position: StartPosition): void {
    this.#fetcher?.seek(position);
  }

  commit(offsets: readonly OffsetCommit[]): Promise<void> {
    return this.commitUnder(this.memberId, this.generation, offsets);
  }

  /** A commit in the name of a member and generation that were read earlier. */
  async commitUnder(memberId: string, generation: number, offsets: readonly OffsetCommit[]): Promise<void> {
    if (this.#ended || this.#stop) throw new CommitError('COMMIT_STALE', 'the consumer has left its group');
    if (memberId === '') throw new CommitError('COMMIT_STALE', 'the consumer has not joined its group yet');
    const request = { groupId: this.groupId, memberId, generation, offsets };
    const fault = this.core.faults.takeCommit(this.groupId, memberId);
    try {
      // Outside of the connection's order, as when the client had to send the request again: a join may overtake it.
      if (fault?.requestDelayMs) await this.core.scheduler.sleep(fault.requestDelayMs);
      await this.#connection.request(() => this.core.commit(request, fault));
    } catch (error) {
      if (error instanceof CommitError) throw error;
      if (!(error instanceof GroupError)) {
        if (this.#connection.dead) throw new CommitError('COMMIT_FENCED', 'the client crashed', { cause: error });
        throw new CommitError('COMMIT_FAILED', 'the connection dropped', { cause: error });
      }
      if (error.type === 'UNKNOWN_MEMBER_ID') this.#membership?.told(memberId, 'fenced');
      throw toCommitError(error);
    }
  }

  committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    return this.#ask(() => partitions.map((p) => this.core.group(this.groupId).stored().committed(p)));
  }

  describeGroup(): Promise<GroupDescription> {
    return this.#ask(() => this.core.describeGroup(this.groupId));
  }

  logRanges(partitions: readonly TopicPartition[]): Promise<LogRange[]> {
    return this.#ask(() => partitions.map((p) => this.core.topics.log(p).range(this.setup.isolation)));
  }

  stopping(): void {
    this.#stopping = true;
  }

  stop(): Promise<void> {
    this.#stop ??= this.#leave();
    return this.#stop;
  }

  /** As `kill -9`: the listener hears nothing any more and the group is not told. */
  crash(): void {
    const memberId = this.memberId;
    this.#end();
    this.#connection.cut();
    this.#membership?.abandon();
    this.core.group(this.groupId).silent(memberId, 'crashed');
  }

  /** As a process that is stopped (SIGSTOP) or cut off: no heartbeat, no record, requests wait. */
  suspend(): void {
    this.#connection.suspend();
    this.#fetcher?.halt();
    this.core.group(this.groupId).silent(this.memberId, 'suspended');
  }

  /** Ends `suspend`. */
  wake(): void {
    this.#connection.wake();
    if (!this.#connection.silent) this.#fetcher?.proceed();
    this.core.group(this.groupId).heard(this.memberId, 'suspended');
  }

  /** The connection drops; the client opens another by itself `reconnectAfterMs` later. */
  dropConnection(lost: DroppedOnTheWay, reconnectAfterMs: number): void {
    const { scheduler } = this.core;
    const { memberId } = this;
    const group = this.core.group(this.groupId);
    this.#connection.drop(lost);
    this.#fetcher?.halt();
    group.silent(memberId, 'disconnected');
    scheduler.clearTimer(this.#reconnection);
    this.#reconnection = scheduler.setTimer(() => {
      this.#connection.reconnect();
      if (!this.#connection.silent) this.#fetcher?.proceed();
      group.heard(memberId, 'disconnected');
    }, reconnectAfterMs);
  }

  /** A question that the client repeats by itself until it is answered. */
  async #ask<T>(question: () => T): Promise<T> {
    for (;;) {
      try {
        return await this.#connection.request(question);
      } catch (error) {
        const dropped = error instanceof KafkaWorkerError && error.code === 'CONNECTION' && !this.#connection.dead;
        if (!dropped && !isAway(error)) throw error;
        if (!dropped) await this.core.scheduler.sleep(RETRY_MS);
      }
    }
  }

  #join(listener: DriverConsumerListener, topics: readonly string[]): void {
    const { core, setup } = this;
    const fetcher = new Fetcher({
      scheduler: core.scheduler,
      client: this.#connection.client,
      isolation: setup.isolation,
      maxRecords: core.options.fetchMaxRecords,
      logOf: (partition) => core.topics.log(partition),
      deliver: (batch) => listener.records(batch),
      outOfRange: (partition, cause) => this.#membership?.outOfRange(partition, cause),
    });
    this.#fetcher = fetcher;
    if (this.#connection.silent) fetcher.halt();
    this.#membership = new Membership({
      core,
      listener,
      fetcher,
      connection: this.#connection,
      group: core.group(this.groupId),
      clientId: setup.clientId,
      incremental: setup.incrementalRebalance,
      heartbeatsDuringRevoke: setup.heartbeatsDuringRevoke,
      topics,
      sessionTimeoutMs: setup.sessionTimeoutMs ?? core.options.sessionTimeoutMs,
      rebalanceTimeoutMs: setup.rebalanceTimeoutMs ?? core.options.rebalanceTimeoutMs,
      fromBeginning: this.#fromBeginning,
      isStopping: () => this.#stopping,
      changed: (state, cause) => this.#changed(state, cause),
      ended: (state, cause) => {
        this.#changed(state, cause);
        this.#end();
      },
    });
    this.#membership.run();
  }

  async #leave(): Promise<void> {
    if (this.#ended) return;
    this.#fetcher?.close();
    await this.#membership?.leave();
    this.#changed('stopped');
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.core.scheduler.clearTimer(this.#reconnection);
    this.#fetcher?.close();
    this.#letGo?.();
    this.core.consumers.delete(this);
  }

  #changed(state: DriverConsumerState, cause?: Error): void {
    if (this.#ended) return;
    if (cause) this.#listener?.stateChanged(state, cause);
    else this.#listener?.stateChanged(state);
  }
}
