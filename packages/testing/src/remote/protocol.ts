import type {
  Assignment,
  CommittedOffset,
  DriverAdmin,
  DriverConsumerOptions,
  DriverConsumerState,
  GroupDescription,
  DriverProducer,
  DriverTransactionalProducer,
  LogRange,
  OffsetCommit,
  RecordBatch,
  StartPosition,
  TopicPartition,
} from '@kafka-worker/engine';
import type { InMemoryDriverOptions } from '../driver.js';
import type { WireError } from './wire-error.js';

/** Most records of a partition that are on their way to a remote consumer, or there and not taken yet. */
export const WINDOW_RECORDS = 2_000;

/** What a connection is for. One connection serves one client. */
export type Role = 'consumer' | 'producer' | 'transactional-producer' | 'admin';

/** What a client is made with, of those that need something. */
export interface ClientOptions {
  readonly consumer?: DriverConsumerOptions;
  readonly transactionalId?: string;
}

/** What every connection begins with. */
export interface OpenCalls {
  open(role: Role, driver: InMemoryDriverOptions, client?: ClientOptions): void;
}

/**
 * Numbers a stretch of a partition's records without a jump. A jump (seek, join) begins a new epoch, chosen by the
 * remote consumer, which throws away whatever still arrives of an older one.
 */
export interface PartitionEpoch extends TopicPartition {
  readonly epoch: number;
}

/** What a remote consumer calls at the server. */
export interface ConsumerServerCalls {
  start(): Promise<void>;
  commit(memberId: string, generation: number, offsets: readonly OffsetCommit[]): Promise<void>;
  committed(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]>;
  logRanges(partitions: readonly TopicPartition[]): Promise<LogRange[]>;
  describeGroup(): Promise<GroupDescription>;
  seek(position: StartPosition, epoch: number): void;
  /** The engine took `count` records: as many more may be sent. */
  taken(partition: PartitionEpoch, count: number): void;
  stopping(): void;
  stop(): Promise<void>;
}

/** What `assigned` is answered with. */
export interface RemoteStart {
  readonly starts: readonly StartPosition[];
  readonly epochs: readonly PartitionEpoch[];
}

/** What the server calls at a remote consumer. */
export interface ConsumerClientCalls {
  assigned(assignment: Assignment): Promise<RemoteStart>;
  /** `generation`: what commits are made under from now on, that of the join which the hand-over belongs to. */
  revoking(partitions: readonly TopicPartition[], deadlineMs: number, generation: number): Promise<void>;
  lost(partitions: readonly TopicPartition[], cause: WireError): void;
  records(batch: RecordBatch, epoch: number): void;
  stateChanged(state: DriverConsumerState, cause?: WireError): void;
}

/** What a remote producer calls at the server. */
export type ProducerServerCalls = Pick<DriverProducer, 'connect' | 'send' | 'close'>;

/** What a remote transactional producer calls at the server. */
export type TransactionalProducerServerCalls = Pick<DriverTransactionalProducer, keyof DriverTransactionalProducer>;

/** What a remote admin calls at the server. */
export type AdminServerCalls = Pick<DriverAdmin, keyof DriverAdmin>;
