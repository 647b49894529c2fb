import type { KafkaDriver } from '@kafka-worker/engine';
import type { Job } from '../run/job.js';

/** Notes when the broker has acknowledged the end of every partition. One look per commit, not per record. */
export class CommitWatch {
  readonly #open: Set<number>;
  #at: number | undefined;

  constructor(private readonly job: Pick<Job, 'perPartition'>) {
    this.#open = new Set(job.perPartition.flatMap((records, partition) => (records > 0 ? [partition] : [])));
  }

  /** Undefined while something is not committed. */
  get committedAt(): number | undefined {
    return this.#at;
  }

  /** The same driver, whose consumers' commits are seen. */
  watch<D extends KafkaDriver>(driver: D): D {
    const create = driver.createConsumer.bind(driver);
    driver.createConsumer = (options) => {
      const consumer = create(options);
      const commit = consumer.commit.bind(consumer);
      consumer.commit = async (offsets) => {
        await commit(offsets);
        for (const { partition, offset } of offsets) this.#acknowledged(partition, offset);
      };
      return consumer;
    };
    return driver;
  }

  #acknowledged(partition: number, offset: number): void {
    if (offset < (this.job.perPartition[partition] ?? 0) || !this.#open.delete(partition)) return;
    if (this.#open.size === 0) this.#at = performance.now();
  }
}
