import type { CommitErrorCode, OutgoingRecord } from '@kafka-worker/engine';
import type { DroppedOnTheWay } from './client/connection.js';
import type { ClientOfCluster } from './cluster-core.js';
import type { CoordinatorAway } from './group/group-error.js';

/** What shall go wrong with commits. Without `code`, `answerLost` or a delay the next commit fails with `COMMIT_FAILED`. */
export interface CommitFault {
  /** How many commits are hit. Default 1. */
  readonly times?: number;
  /** Hits this group only. Default: any. */
  readonly groupId?: string;
  /** Hits this member only. Default: any. */
  readonly memberId?: string;
  /** The commit is refused with this code and nothing is stored. */
  readonly code?: CommitErrorCode;
  /** The commit is stored, but its sender gets `COMMIT_FAILED`. Default false. */
  readonly answerLost?: boolean;
  /** The request reaches the group this much later. Milliseconds. Default 0. */
  readonly requestDelayMs?: number;
  /** The answer comes back this much later. Milliseconds. Default 0. */
  readonly answerDelayMs?: number;
}

/** What shall go wrong with sending. With neither `answerLost` nor `delayMs` the next send is refused. */
export interface ProduceFault {
  /** How many sends are hit. Default 1. */
  readonly times?: number;
  /** Hits sends that have a record for this topic. Default: any. */
  readonly topic?: string;
  /** The records are written, but the sender gets `SEND_FAILED`. Default false. */
  readonly answerLost?: boolean;
  /** The send takes this much longer. Milliseconds. Default 0. */
  readonly delayMs?: number;
  /** False with `delayMs`: slow, but it succeeds. Default: true unless `delayMs` stands alone. */
  readonly fails?: boolean;
}

/** What shall go wrong with transactions of drivers' producers. Without `lost` or a delay the next one is refused. */
export interface TransactionFault {
  /** How many transactions are hit. Default 1. */
  readonly times?: number;
  /** Hits this transactional id only. Default: any. */
  readonly transactionalId?: string;
  /** True: when all of it is written it is aborted, and the sender gets `TRANSACTION_ABORTED`. */
  readonly refused?: boolean;
  /**
   * The sender gets `TRANSACTION_IN_DOUBT`. `request`: its commit never arrives, so that the transaction stays open until
   * somebody opens the transactional id (or its time is up). `answer`: it is committed.
   */
  readonly lost?: 'request' | 'answer';
  /** The commit reaches the cluster this much later. Milliseconds. Default 0. */
  readonly commitDelayMs?: number;
}

/** How a group's coordinator moves. */
export interface CoordinatorMove {
  /** How long nobody is the group's coordinator. Milliseconds. Default 1,000. */
  readonly forMs?: number;
  /** What requests are refused with meanwhile. Default `NOT_COORDINATOR`. */
  readonly refusal?: CoordinatorAway;
}

/** How a client's connection drops. */
export interface ConnectionDrop {
  /**
   * What is lost of the requests under way. `requests`: those that have not arrived yet never do. `answers`: they
   * arrive and count, but nobody learns it. Default `requests`.
   */
  readonly lost?: DroppedOnTheWay;
  /** When the client has another connection. A session that is shorter than this is over by then. Milliseconds. Default 0. */
  readonly reconnectAfterMs?: number;
}

/** What faults take effect on. */
export interface FaultTargets {
  /** Takes a member out of its group. */
  expel(memberId: string): void;
  passGeneration(groupId: string): void;
  moveCoordinator(groupId: string, forMs: number, refusal: CoordinatorAway): void;
  dropConnection(client: ClientOfCluster, lost: DroppedOnTheWay, reconnectAfterMs: number): void;
}

interface Armed<F> {
  readonly fault: F;
  left: number;
}

/** What goes wrong on demand. Faults are used up in the order in which they were asked for. */
export class Faults {
  readonly #commits: Armed<CommitFault>[] = [];
  readonly #produces: Armed<ProduceFault>[] = [];
  readonly #transactions: Armed<TransactionFault>[] = [];
  #redelivers = false;

  constructor(private readonly targets: FaultTargets) {}

  /** The next commits go wrong. */
  commit(fault: CommitFault = {}): void {
    const harmless = fault.code === undefined && !fault.answerLost && !fault.requestDelayMs && !fault.answerDelayMs;
    const armed: CommitFault = harmless ? { ...fault, code: 'COMMIT_FAILED' } : fault;
    this.#commits.push({ fault: armed, left: fault.times ?? 1 });
  }

  /** The next sends go wrong. */
  produce(fault: ProduceFault = {}): void {
    const fails = fault.fails ?? (fault.answerLost === true || !fault.delayMs);
    this.#produces.push({ fault: { ...fault, fails }, left: fault.times ?? 1 });
  }

  /** The next transactions of drivers' producers go wrong. */
  transaction(fault: TransactionFault = {}): void {
    const refused = fault.refused ?? (fault.lost === undefined && !fault.commitDelayMs);
    this.#transactions.push({ fault: { ...fault, refused }, left: fault.times ?? 1 });
  }

  /** The group forgets the member at once; the member learns it from its next commit or heartbeat. */
  fence(memberId: string): void {
    this.targets.expel(memberId);
  }

  /**
   * The group's generation goes on by one and its members have not heard of it, as when the answers to their joins were
   * lost. Each learns it from its next heartbeat or commit (`ILLEGAL_GENERATION`), loses what it held and joins again
   * under the same member id.
   */
  fenceGeneration(groupId: string): void {
    this.targets.passGeneration(groupId);
  }

  /**
   * The group gets another coordinator. Until that has taken over, requests to the group are refused, joins that hang
   * too: commits fail with `COMMIT_FAILED`, everything else is repeated by the clients every 100 ms. Offsets, and the
   * members of the last generation that was shared out, survive with sessions that start anew; a rebalance under way
   * does not. Members that hear `NOT_COORDINATOR` join again, as kafkajs does.
   */
  moveCoordinator(groupId: string, { forMs = 1_000, refusal = 'NOT_COORDINATOR' }: CoordinatorMove = {}): void {
    this.targets.moveCoordinator(groupId, forMs, refusal);
  }

  /**
   * The client's connection drops. Of a consumer, requests under way fail at once: commits with `COMMIT_FAILED`,
   * everything else is repeated on its next connection; until it has one nothing is heard of the member, nor by it. Of a
   * transactional producer, `open` fails with `CONNECTION` and a commit under way with `TRANSACTION_IN_DOUBT`; whatever
   * comes before the commit gets the transaction aborted.
   */
  dropConnection(client: ClientOfCluster, { lost = 'requests', reconnectAfterMs = 0 }: ConnectionDrop = {}): void {
    this.targets.dropConnection(client, lost, reconnectAfterMs);
  }

  /**
   * From now on, clients start again at the committed offset after every join, whatever position the engine named, as
   * some do when leaders move. Default false.
   */
  redeliverAfterJoin(on: boolean): void {
    this.#redelivers = on;
  }

  /** Forgets every fault that was asked for. */
  clear(): void {
    this.#commits.length = 0;
    this.#produces.length = 0;
    this.#transactions.length = 0;
    this.#redelivers = false;
  }

  /** @internal */
  get redelivers(): boolean {
    return this.#redelivers;
  }

  /** @internal */
  takeCommit(groupId: string, memberId: string): CommitFault | undefined {
    return take(
      this.#commits,
      (fault) => (fault.groupId ?? groupId) === groupId && (fault.memberId ?? memberId) === memberId,
    );
  }

  /** @internal */
  takeProduce(records: readonly OutgoingRecord[]): ProduceFault | undefined {
    return take(this.#produces, ({ topic }) => topic === undefined || records.some((record) => record.topic === topic));
  }

  /** @internal */
  takeTransaction(id: string): TransactionFault | undefined {
    return take(this.#transactions, ({ transactionalId }) => (transactionalId ?? id) === id);
  }
}

function take<F>(armed: Armed<F>[], hits: (fault: F) => boolean): F | undefined {
  const index = armed.findIndex(({ fault }) => hits(fault));
  const found = armed[index];
  if (!found) return undefined;
  if (--found.left <= 0) armed.splice(index, 1);
  return found.fault;
}
