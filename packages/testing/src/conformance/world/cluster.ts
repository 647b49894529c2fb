import type { DriverTransaction, OutgoingRecord, TopicPartition } from '@kafka-worker/engine';

/**
 * What the suite needs of the cluster itself, beside and without the driver under test. Each promise resolves when the
 * cluster has done it.
 */
export interface ConformanceCluster {
  /** `topic` is a name that nobody had before. */
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Writes records as another program would, in the order given; `partition` is always set. */
  produce(records: readonly OutgoingRecord[]): Promise<void>;
  /**
   * The next offsets of the partition belong to records that nobody may read: those of an aborted transaction. At least
   * one offset, how many does not matter.
   */
  leaveGap(partition: TopicPartition): Promise<void>;
  /** Cuts a partition from the front, as retention does: `offset` is the first that is left. */
  deleteRecordsBefore(partition: TopicPartition, offset: number): Promise<void>;
  /** The group forgets a member, as after a session timeout; the member learns it with its next request. */
  expel(groupId: string, memberId: string): Promise<void>;
  /**
   * The group goes on to a generation that its only member knows nothing of, as when the answer to its join was lost; it
   * learns that with its next request, and the group still knows it under its id.
   */
  passGeneration(groupId: string, memberId: string): Promise<void>;
  /**
   * The offset as it is stored for a group, asked for past the driver; undefined where there is none. What clients
   * store to say "beginning" or "end" is not hidden: -2 is -2.
   */
  storedOffset(groupId: string, partition: TopicPartition): Promise<number | undefined>;
  /**
   * Another program opens the transactional id, writes all of this in a transaction, and dies before it ends that.
   * Needed for drivers with transactions.
   */
  leaveOpen(transactionalId: string, transaction: DriverTransaction): Promise<void>;
  /** How many connections, or members, of the driver under test are open. */
  connections(): number;
}
