import type { Broker } from 'kafkajs';

/** What JoinGroup is answered with, as far as it matters here. */
export interface JoinAnswer {
  readonly generationId: number;
  readonly memberId: string;
  readonly groupProtocol: string;
}

/** Whom a request of a member names. */
export interface MemberRequest {
  readonly groupId: string;
  readonly memberId: string;
  /** Left out in a JoinGroup, which knows none yet. */
  readonly groupGenerationId?: number;
}

/** Requests of a member that kafkajs' types leave out. They are public methods of its brokers all the same. */
export interface GroupBroker extends Broker {
  joinGroup(request: MemberRequest): Promise<JoinAnswer>;
  syncGroup(request: MemberRequest): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: MemberRequest): Promise<unknown>;
}
