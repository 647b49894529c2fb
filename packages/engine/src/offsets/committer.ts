import type { Clock, TimerHandle } from '../clock.js';
import type { DriverConsumer } from '../driver/driver.js';
import { CommitError } from '../errors/commit.error.js';
import { ensureError } from '../errors/kafka-worker.error.js';
import type { EventHub } from '../events/emitter.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';

/** Wait before a commit that failed is sent again. Milliseconds. */
const RETRY_MS = 500;

/**
 * Sends the commits of one group member: one at a time, each with everything that has changed.
 *
 * A snapshot is taken when the commit is sent, never before, and only of assignments that are alive then: what was
 * handed over meanwhile is not in it. A commit that fails leaves its partitions dirty.
 */
export class Committer {
  readonly #dirty = new Set<PartitionAssignment>();
  /** The commit under way; commits never overlap. */
  #inFlight: Promise<void> | undefined;
  #timer: TimerHandle;
  /** When the timer fires; Infinity: it is not set. */
  #timerDue = Infinity;
  /** From the start of a rebalance until the next assignment: only `flush` commits. */
  #held = false;
  #closed = false;
  /** Callers of `flush` that wait for the commit under way: they come before commits of our own. */
  #flushing = 0;

  constructor(
    readonly groupId: string,
    readonly consumer: Pick<DriverConsumer, 'commit'>,
    readonly clock: Clock,
    readonly events: EventHub,
  ) {}

  /** Something of this partition was settled. */
  note(partition: PartitionAssignment): void {
    const cadence = partition.worker.options.commit;
    if (cadence.mode === 'manual') return;
    const first = !partition.dirty;
    if (first) {
      partition.dirty = true;
      this.#dirty.add(partition);
    }
    if (++partition.settledSinceCommit >= cadence.records) this.#kick();
    else if (first) this.#schedule(cadence.intervalMs);
  }

  /** No commits by themselves from now on. */
  hold(): void {
    this.#held = true;
  }

  /** Commits by themselves again. */
  release(): void {
    this.#held = false;
    if (this.#dirty.size > 0) this.#kick();
  }

  /** The partition is gone: nothing of it is committed any more. */
  forget(partition: PartitionAssignment): void {
    this.#dirty.delete(partition);
    partition.dirty = false;
  }

  /**
   * Commits these partitions now, changed or not, after the commit under way.
   * @throws CommitError when the broker does not acknowledge it, or all of them are gone.
   */
  async flush(partitions: readonly PartitionAssignment[]): Promise<void> {
    this.#flushing++;
    while (this.#inFlight !== undefined) await this.#inFlight.catch(() => {});
    this.#flushing--;
    await this.#send(partitions);
  }

  /** Sends nothing more; a commit under way goes on. */
  close(): void {
    this.#closed = true;
    this.#clearTimer();
    this.#dirty.clear();
  }

  #schedule(ms: number): void {
    if (this.#closed) return;
    const due = this.clock.now() + ms;
    if (due >= this.#timerDue) return;
    this.#clearTimer();
    this.#timerDue = due;
    this.#timer = this.clock.setTimer(() => {
      this.#timerDue = Infinity;
      this.#kick();
    }, ms);
  }

  #clearTimer(): void {
    if (this.#timerDue !== Infinity) this.clock.clearTimer(this.#timer);
    this.#timerDue = Infinity;
  }

  /** Commits what is dirty, unless a commit is under way: that one looks again when it has ended. */
  #kick(): void {
    if (this.#inFlight !== undefined || this.#held || this.#closed || this.#dirty.size === 0) return;
    this.#clearTimer();
    this.#send([...this.#dirty]).catch(() => {}); // an event has told of it, and what failed is dirty again
  }

  /**
   * After a commit: partitions that have had their number of records meanwhile go at once, the rest on time. Without a
   * timer that time has come while the commit was under way.
   */
  #again(): void {
    if (this.#flushing > 0) return;
    const due = this.#timerDue === Infinity;
    for (const partition of this.#dirty) {
      if (due || partition.settledSinceCommit >= partition.worker.options.commit.records) return this.#kick();
    }
  }

  /** @throws CommitError */
  #send(partitions: readonly PartitionAssignment[]): Promise<void> {
    const sent = this.#closed ? [] : partitions.filter((partition) => partition.alive);
    if (sent.length === 0) {
      if (partitions.length === 0) return Promise.resolve();
      return Promise.reject(new CommitError('COMMIT_STALE', 'the partition is not held by this process any more'));
    }
    const offsets = sent.map((partition) => partition.snapshot());
    for (const partition of sent) {
      this.forget(partition);
      partition.settledSinceCommit = 0;
    }
    const startedAt = this.clock.now();
    const work = this.consumer.commit(offsets).then(
      () => {
        sent.forEach((partition, i) => (partition.committed = offsets[i]?.offset));
        this.#inFlight = undefined;
        const durationMs = this.clock.now() - startedAt;
        this.events.emit({ type: 'commit.succeeded', groupId: this.groupId, partitions: sent.length, durationMs });
        this.#again();
      },
      (thrown: unknown) => {
        const error =
          thrown instanceof CommitError
            ? thrown
            : new CommitError('COMMIT_FAILED', ensureError(thrown).message, { cause: thrown });
        const longest = Math.max(...offsets.map(({ metadata }) => metadata.length));
        sent.forEach((partition, i) => this.#failed(partition, error, offsets[i]?.metadata.length === longest));
        this.#inFlight = undefined;
        if (this.#dirty.size > 0) this.#schedule(RETRY_MS);
        this.events.emit({ type: 'commit.failed', groupId: this.groupId, error, willRetry: this.#dirty.size > 0 });
        throw error;
      },
    );
    this.#inFlight = work;
    for (const partition of sent) partition.heedMapSize();
    return work;
  }

  /** @param longest no map of the commit was longer than the partition's: the one to blame for too much metadata. */
  #failed(partition: PartitionAssignment, error: CommitError, longest: boolean): void {
    if (error.code === 'COMMIT_METADATA_TOO_LARGE' && longest) partition.shrinkMapLimit();
    if (!partition.alive || error.code === 'COMMIT_FENCED' || partition.worker.options.commit.mode === 'manual') return;
    partition.dirty = true;
    this.#dirty.add(partition);
  }
}
