import {
  CommitError,
  type DriverConsumer,
  type DriverTransactionalProducer,
  type GroupDescription,
  type OffsetCommit,
} from '@kafka-worker/engine';
import type { InMemoryConsumer } from './client/consumer.js';
import type { InMemoryTransactionalProducer } from './client/transactional-producer.js';
import { type CommitFault, Faults } from './faults.js';
import { CommitHistory, type CommitEntry } from './group/commit-history.js';
import { GroupCoordinator } from './group/group-coordinator.js';
import { Partitioner } from './log/partitioner.js';
import { Topics } from './log/topics.js';
import type { Scheduler } from './scheduler.js';
import { Transactions } from './transactions/transactions.js';

/** Options of a cluster with every default filled in. */
export interface CompiledOptions {
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly initialRebalanceDelayMs: number;
  readonly fetchMaxRecords: number;
  readonly autoCreateTopics: boolean;
  readonly transactionTimeoutMs: number;
}

/** A commit request as it arrives. */
export interface CommitRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly generation: number;
  readonly offsets: readonly OffsetCommit[];
}

/** Whom something is done to: a consumer, also by its member id, or a transactional producer. */
export type ClientOfCluster = DriverConsumer | DriverTransactionalProducer | string;

/** What the clients of a cluster share: the cluster without its public face. */
export class ClusterCore {
  readonly topics: Topics;
  readonly faults: Faults;
  readonly history: CommitHistory;
  /** Consumers that were started and have not ended. */
  readonly consumers = new Set<InMemoryConsumer>();
  /** Transactional producers that were opened and have not ended. */
  readonly producers = new Set<InMemoryTransactionalProducer>();
  readonly transactions: Transactions;
  /** Of whatever the cluster writes in nobody's name. */
  readonly partitioner = new Partitioner();
  readonly #groups = new Map<string, GroupCoordinator>();
  #memberNumber = 0;
  #clientNumber = 0;

  constructor(
    readonly scheduler: Scheduler,
    readonly options: CompiledOptions,
    defaultPartitions: number,
    commitHistoryLimit: number,
  ) {
    this.topics = new Topics(defaultPartitions);
    this.history = new CommitHistory(commitHistoryLimit);
    this.transactions = new Transactions({
      topics: this.topics,
      partitioner: this.partitioner,
      offsetsOf: (groupId) => this.group(groupId).offsets,
      now: () => scheduler.clock.now(),
      scheduler,
      timeoutMs: options.transactionTimeoutMs,
    });
    this.faults = new Faults({
      expel: (memberId) => this.groupOfMember(memberId)?.expel(memberId),
      passGeneration: (groupId) => this.group(groupId).passGeneration(),
      moveCoordinator: (groupId, forMs, refusal) => this.group(groupId).move(forMs, refusal),
      dropConnection: (member, lost, reconnectAfterMs) => this.find(member).dropConnection(lost, reconnectAfterMs),
    });
  }

  /** Made on first use. */
  group(groupId: string): GroupCoordinator {
    let group = this.#groups.get(groupId);
    if (!group) {
      group = new GroupCoordinator(
        groupId,
        this.scheduler,
        this.options.initialRebalanceDelayMs,
        this.topics,
        () => ++this.#memberNumber,
      );
      this.#groups.set(groupId, group);
    }
    return group;
  }

  /** A name for one end of a connection, never given twice. */
  nameClient(clientId: string, role: 'consumer' | 'producer' | 'admin'): string {
    return `${clientId}/${role}-${++this.#clientNumber}`;
  }

  /** A running consumer, by itself or its member id, or a transactional producer. Throws where there is none. */
  find(client: ClientOfCluster): InMemoryConsumer | InMemoryTransactionalProducer {
    for (const consumer of this.consumers) {
      if (consumer === client || (typeof client === 'string' && consumer.memberId === client)) return consumer;
    }
    for (const producer of this.producers) if (producer === client) return producer;
    throw new Error(`no running client of this cluster${typeof client === 'string' ? ` is member "${client}"` : ''}`);
  }

  groupIds(): string[] {
    return [...this.#groups.keys()].sort();
  }

  groupOfMember(memberId: string): GroupCoordinator | undefined {
    return [...this.#groups.values()].find((group) => group.has(memberId));
  }

  /** A commit as its group handles it, faults included. Rejects with a `GroupError`, or a `CommitError` by a fault. */
  async commit({ groupId, memberId, generation, offsets }: CommitRequest, fault?: CommitFault): Promise<void> {
    const entry = { at: this.scheduler.clock.now(), groupId, memberId, generation, offsets };
    if (fault?.code) {
      this.#note({ ...entry, accepted: false, refusal: 'FAULT' });
      if (fault.answerDelayMs) await this.scheduler.sleep(fault.answerDelayMs);
      throw new CommitError(fault.code, 'refused on demand (fault)');
    }
    const refusal = this.group(groupId).commit(memberId, generation, offsets);
    this.#note(refusal ? { ...entry, accepted: false, refusal: refusal.type } : { ...entry, accepted: true });
    if (fault?.answerDelayMs) await this.scheduler.sleep(fault.answerDelayMs);
    if (fault?.answerLost) throw new CommitError('COMMIT_FAILED', 'the answer was lost (fault)');
    if (refusal) throw refusal;
  }

  describeGroup(groupId: string): GroupDescription {
    const group = this.#groups.get(groupId);
    if (!group) return { groupId, state: 'Dead', protocol: '', members: [] };
    return {
      groupId,
      state: group.state,
      protocol: group.protocol,
      members: group.members().map((member) => ({
        memberId: member.id,
        clientId: member.request.clientId,
        host: 'in-memory',
        partitions: member.assignment,
      })),
    };
  }

  #note(entry: CommitEntry): void {
    this.history.add(entry);
  }
}
