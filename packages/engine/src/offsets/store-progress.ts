import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';
import type { PartitionClaim } from '../stores/transactional-store.js';

/**
 * Tells stores how far the group has come, so that they can forget what lies below. No commit waits for it: one store
 * that does not answer would hold up the commits of a whole group, and rows that stay a while longer do no harm.
 */
export class StoreProgress {
  /** What is still to be told; of several offsets the last. */
  readonly #wanted = new Map<PartitionAssignment, number>();
  /** Partitions whose store is being told: one call each at a time, since they may not overtake one another. */
  readonly #underWay = new Set<PartitionAssignment>();

  tell(partition: PartitionAssignment, offset: number): void {
    const { claim } = partition;
    if (claim === undefined) return;
    this.#wanted.set(partition, offset);
    if (!this.#underWay.has(partition)) void this.#tellAll(partition, claim);
  }

  /** Never rejects. */
  async #tellAll(partition: PartitionAssignment, claim: PartitionClaim): Promise<void> {
    this.#underWay.add(partition);
    for (;;) {
      const offset = this.#wanted.get(partition);
      this.#wanted.delete(partition);
      if (offset === undefined || !partition.alive) break;
      try {
        await claim.advance(offset);
      } catch (thrown) {
        // who is fenced should know; all else is mended by the next commit
        if (KafkaWorkerError.is(thrown) && thrown.code === 'STORE_FENCED') {
          partition.owner.fenced(partition, ensureError(thrown));
        }
      }
    }
    this.#underWay.delete(partition);
  }
}
