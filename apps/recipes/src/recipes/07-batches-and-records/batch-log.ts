import { Logger } from '@nestjs/common';
import type { AttemptScope, BatchScope, Delivery, TakenBatch, WorkerInstrumentation } from '@kafka-worker/engine';

/** A line for each batch: what no interceptor of Nest's can see, since it sees records. */
export class BatchLog implements WorkerInstrumentation {
  /** Batches that are over. */
  readonly batches: LoggedBatch[] = [];
  private readonly logger = new Logger(BatchLog.name);

  batch(taken: TakenBatch): BatchScope {
    return new LoggedBatch(taken, (batch) => {
      this.batches.push(batch);
      const { topic, partition, firstOffset, count } = taken;
      this.logger.log(
        `${topic}/${partition}: ${count} records from ${firstOffset} on in ${Math.round(batch.ms)} ms, ` +
          `${batch.attempts} attempts, ${batch.failed} failed`,
      );
    });
  }

  attempt(_delivery: Delivery, batch: BatchScope | undefined): AttemptScope | undefined {
    return batch instanceof LoggedBatch ? { ended: (error) => batch.attempted(error) } : undefined;
  }
}

/** What was taken in one go, until all of it is settled. */
export class LoggedBatch implements BatchScope {
  attempts = 0;
  failed = 0;
  /** How long it took. Milliseconds. */
  ms = NaN;
  readonly #takenAt = performance.now();

  constructor(
    readonly taken: TakenBatch,
    private readonly over: (batch: LoggedBatch) => void,
  ) {}

  attempted(error: Error | undefined): void {
    this.attempts++;
    if (error !== undefined) this.failed++;
  }

  ended(): void {
    this.ms = performance.now() - this.#takenAt;
    this.over(this);
  }
}
