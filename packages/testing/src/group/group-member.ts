import type { TimerHandle, TopicPartition } from '@kafka-worker/engine';
import type { Deferred } from '../clock/deferred.js';
import type { AssignableMember } from './assignors.js';

/** A member asks to be in the next generation. */
export interface JoinRequest {
  /** From `GroupCoordinator.allocateMemberId`. */
  readonly memberId: string;
  readonly clientId: string;
  /** Protocols the member speaks, the one it likes best first. */
  readonly protocols: readonly string[];
  readonly topics: readonly string[];
  readonly owned: readonly TopicPartition[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /**
   * Called in the turn in which something changes that the answer to the member's next heartbeat depends on. Spares the
   * clients the heartbeats that would only be told that all is well.
   */
  readonly notify: () => void;
}

/** The answer to all members, once a generation is complete. */
export interface JoinAnswer {
  readonly generation: number;
  readonly protocol: string;
  readonly leaderId: string;
  /** Given to the leader only, who assigns. */
  readonly members: readonly AssignableMember[];
}

/**
 * suspended     its process stands still, or is cut off
 * disconnected  its connection is down
 * revoking      its client sends no heartbeats while it waits for the engine to let partitions go
 * crashed       there is nobody any more
 */
export type Silence = 'suspended' | 'disconnected' | 'revoking' | 'crashed';

/** A member as the coordinator keeps it. */
export class GroupMember {
  /** The partitions of the last SyncGroup. */
  assignment: readonly TopicPartition[] = [];
  /** Set while the member's JoinGroup waits for the others. */
  joining: Deferred<JoinAnswer> | undefined;
  /** Set while the member's SyncGroup waits for the leader's assignment. */
  syncing: Deferred<readonly TopicPartition[]> | undefined;
  /** Why nothing is heard of the member now; empty while its heartbeats arrive. */
  readonly silences = new Set<Silence>();
  /** Set while nothing is heard of the member and it is not waited for itself: when it fires the session is over. */
  sessionTimer: TimerHandle | undefined;

  constructor(public request: JoinRequest) {}

  get id(): string {
    return this.request.memberId;
  }

  /** A JoinGroup or SyncGroup of the member hangs: it cannot be expected to say anything else. */
  get waits(): boolean {
    return this.joining !== undefined || this.syncing !== undefined;
  }
}
