import type { DriverAdmin } from '@kafka-worker/engine';
import type { PartitionEnds } from '../ledger/topic-ledger.js';

/**
 * Asks the cluster, not the members, where logs end and what is committed. Topics are asked in the order an order
 * passes them, and commits before ends: where a topic has no lag its successor has all records it will get.
 */
export class ClusterWatch {
  readonly #ends = new Map<string, readonly PartitionEnds[]>();

  constructor(
    private readonly admin: DriverAdmin,
    private readonly groupId: string,
    private readonly topics: readonly string[],
  ) {}

  /** As of the last look. */
  ends(topic: string): readonly PartitionEnds[] {
    return this.#ends.get(topic) ?? [];
  }

  /** Records that are not committed yet, over all topics. */
  get lag(): number {
    return this.topics.reduce((sum, topic) => sum + lagOf(this.ends(topic)), 0);
  }

  get produced(): number {
    return this.topics.reduce((sum, topic) => sum + this.ends(topic).reduce((total, { end }) => total + end, 0), 0);
  }

  async look(): Promise<void> {
    for (const topic of this.topics) {
      const commits = await this.admin.committed(this.groupId, [topic]);
      const ranges = await this.admin.logRanges(topic);
      const committed = new Map(commits.map(({ partition, offset }) => [partition, offset ?? 0]));
      this.#ends.set(
        topic,
        ranges.map(({ partition, high }) => ({ partition, end: high, committed: committed.get(partition) ?? 0 })),
      );
    }
  }
}

/** Records between what is committed and the end. */
export function lagOf(ends: readonly PartitionEnds[]): number {
  return ends.reduce((sum, { committed, end }) => sum + end - committed, 0);
}
