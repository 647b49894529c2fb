import type { DriverConsumer, OffsetCommit } from '../driver/driver.js';
import { CommitError } from '../errors/commit.error.js';
import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import { TransactionError } from '../errors/transaction.error.js';
import type { PartitionAssignment, StoredOffset } from '../group/partition-assignment.js';

/** What a transaction is committed with beside the partition's own producer. */
export interface TransactionSite {
  readonly groupId: string;
  readonly consumer: Pick<DriverConsumer, 'committed'>;
}

/**
 * Commits what a partition's records have sent, and its offset, as one transaction. What has been committed leaves the
 * outbox; of a transaction that failed everything stays for the next one.
 *
 * Where the answer to a commit was lost the producer is opened again, which decides it, and what the group has stored
 * says how: offset and map of two snapshots that were worth a transaction each are never the same.
 *
 * @throws CommitError; the owner has been told where somebody else has taken the transactional id over, and the
 * partition stands where a record can never be sent.
 */
export async function commitTransaction(
  { groupId, consumer }: TransactionSite,
  partition: PartitionAssignment,
  offset: OffsetCommit,
): Promise<void> {
  const { outbox = [], producer } = partition;
  if (producer === undefined) return;
  // the snapshot and what was sent for it are one: read before anything is awaited
  const records = outbox.slice();
  partition.transacting = true;
  try {
    const before = partition.inDoubt === undefined ? undefined : await settleDoubt(consumer, partition);
    const rest = records.slice(before?.records ?? 0);
    try {
      await producer.transact({ records: rest, groupId, offsets: [offset] });
    } catch (thrown) {
      if (!isCode(thrown, 'TRANSACTION_IN_DOUBT')) throw thrown;
      partition.inDoubt = { offset, records: rest.length };
      if ((await settleDoubt(consumer, partition)) !== undefined) return; // it counted, as it turned out
      throw thrown;
    }
    outbox.splice(0, rest.length);
  } catch (thrown) {
    throw explain(partition, thrown);
  } finally {
    partition.transacting = false;
    // it may have been full, from the beginning or since
    if (partition.alive) partition.worker.reconsider(partition);
  }
}

/** @returns the transaction that was in doubt where it counted: its records are taken out of the outbox. */
async function settleDoubt(
  consumer: TransactionSite['consumer'],
  partition: PartitionAssignment,
): Promise<PartitionAssignment['inDoubt']> {
  const { inDoubt, outbox, producer } = partition;
  if (inDoubt === undefined) return undefined;
  await producer?.open();
  const [stored] = await consumer.committed([{ topic: partition.topic, partition: partition.partition }]);
  partition.inDoubt = undefined;
  if (!same(stored, inDoubt.offset)) {
    if (same(stored, partition.lastStored)) return undefined;
    // whoever has committed since had taken the partition over, and we have just taken its transactional id away
    const message = `somebody else has committed ${stored?.offset} of ${partition.key} meanwhile`;
    throw new TransactionError('TRANSACTION_FENCED', message);
  }
  partition.acknowledge(inDoubt.offset);
  outbox?.splice(0, inDoubt.records);
  return inDoubt;
}

function same(a: StoredOffset | undefined, b: StoredOffset): boolean {
  return a?.offset === b.offset && (a?.metadata ?? '') === b.metadata;
}

function explain(partition: PartitionAssignment, thrown: unknown): CommitError {
  const error = ensureError(thrown);
  if (error instanceof CommitError) return error;
  if (isCode(error, 'TRANSACTION_FENCED')) {
    partition.owner.fenced(partition, error);
    return new CommitError('COMMIT_STALE', error.message, { cause: error });
  }
  if (isCode(error, 'SEND_FAILED') && !error.canRetry) {
    partition.held = `what its handlers have sent is refused for good, so nothing can be committed: ${error.message}`;
    partition.worker.tellHeld(partition, partition.held);
  }
  return new CommitError('COMMIT_FAILED', error.message, { cause: error });
}

function isCode(thrown: unknown, code: KafkaWorkerError['code']): thrown is KafkaWorkerError {
  return KafkaWorkerError.is(thrown) && thrown.code === code;
}
