import type {
  DriverConsumerState,
  EngineState,
  PartitionSnapshot,
  RebalanceSnapshot,
  TopicPartition,
  WorkerSnapshot,
} from '@kafka-worker/engine';

/** A connection of this application. */
export interface ConnectionAnswer {
  readonly name: string;
  readonly state: EngineState;
  /** The Kafka client; `not connected` where none was needed so far. */
  readonly driver: string;
  /** Handlers at work. */
  readonly running: number;
}

/** This process as a member of a group. */
export interface MembershipAnswer {
  /** Of the client: `joined`, `rebalancing`, … */
  readonly state: DriverConsumerState;
  readonly memberId: string;
  /** -1 where the client does not tell. */
  readonly generation: number;
  readonly protocol: string | null;
  readonly lastRebalance: RebalanceSnapshot | null;
  /** Why the client is where it is. */
  readonly error: string | null;
}

/** A group this process is a member of, by what it knows itself. */
export interface OwnGroupAnswer extends MembershipAnswer {
  readonly groupId: string;
  readonly connection: string;
  readonly workers: readonly string[];
  /** Held by this process. */
  readonly partitions: number;
  /** Records from the frontiers of these partitions to the ends of their logs. */
  readonly lag: number;
  /** Partitions with something frozen in them. */
  readonly frozen: number;
  readonly paused: number;
}

/** `GET groups` */
export interface GroupsAnswer {
  readonly connections: readonly ConnectionAnswer[];
  readonly groups: readonly OwnGroupAnswer[];
  /** With `all=true`: what the clusters know beside these. */
  readonly others?: readonly { readonly groupId: string; readonly connection: string }[];
}

/** A member as the broker sees it. */
export interface GroupMemberAnswer {
  readonly memberId: string;
  readonly clientId: string;
  readonly host: string;
  /** It is this process. */
  readonly self: boolean;
  readonly partitions: readonly TopicPartition[];
}

/** How far a group is in a partition. */
export interface GroupPartitionAnswer extends TopicPartition {
  /** Next offset to read, as the broker has stored it; null: none. */
  readonly committed: number | null;
  /** One past the last record. */
  readonly end: number;
  /** Null where nothing is committed. */
  readonly lag: number | null;
  /** Member id of whoever holds it; null: nobody. */
  readonly owner: string | null;
  readonly ownerClientId: string | null;
}

/** `GET groups/:groupId` */
export interface GroupAnswer {
  readonly groupId: string;
  readonly connection: string;
  /** The broker's word: `Stable`, `Empty`, `PreparingRebalance`, … */
  readonly state: string;
  /** Assignment strategy; empty where there are no members. */
  readonly protocol: string;
  /** This process as a member; null: it is none. */
  readonly membership: MembershipAnswer | null;
  readonly members: readonly GroupMemberAnswer[];
  /** Whatever is committed or held, by topic and number. */
  readonly partitions: readonly GroupPartitionAnswer[];
  /** Sum over the partitions. */
  readonly lag: number;
}

/** A partition held by this process, with what holds it: `inspect()`. */
export interface PartitionAnswer extends Omit<PartitionSnapshot, 'committed'> {
  readonly connection: string;
  readonly groupId: string;
  /** Null: nothing yet. */
  readonly committed: number | null;
}

/** `GET partitions` */
export interface PartitionsAnswer {
  readonly partitions: readonly PartitionAnswer[];
}

/** A worker of this process. */
export interface WorkerAnswer extends WorkerSnapshot {
  readonly connection: string;
  /** Who calls it: Nest's strategy handler, or the one found by discovery. */
  readonly via: 'strategy' | 'discovery';
  /** Held by this process. */
  readonly held: number;
  readonly lag: number;
}

/** `GET workers` */
export interface WorkersAnswer {
  readonly workers: readonly WorkerAnswer[];
}

/** `GET workers/:worker` */
export interface WorkerDetailAnswer extends WorkerAnswer {
  readonly partitions: readonly PartitionAnswer[];
}

/** A partition a command was for, as it stands after it. */
export interface StandingAnswer extends TopicPartition {
  readonly paused: boolean;
  /** Freezes in it. */
  readonly frozen: number;
}

/** A partition that was moved. */
export interface SoughtAnswer extends TopicPartition {
  /** Where it stood: its frontier. */
  readonly from: number;
  readonly to: number;
}

/** What every command of a worker answers. */
export interface CommandAnswer {
  readonly command: string;
  readonly connection: string;
  readonly worker: string;
  readonly groupId: string;
}

/** Answers of `pause`, `resume`, `freeze` and `unfreeze`. */
export interface StandingsAnswer extends CommandAnswer {
  readonly partitions: readonly StandingAnswer[];
}

/** Answer of `seek`. */
export interface SeekAnswer extends CommandAnswer {
  readonly partitions: readonly SoughtAnswer[];
}

/** Answer of `limit`. */
export interface LimitAnswer extends CommandAnswer {
  readonly limit: number;
  readonly before: number;
}

/** Answer of `drain`: it has begun. */
export interface DrainAnswer {
  readonly command: 'drain';
  readonly connections: readonly ConnectionAnswer[];
}
