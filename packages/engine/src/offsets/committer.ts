import type { Clock, TimerHandle } from '../clock.js';
import type { DriverConsumer, OffsetCommit } from '../driver/driver.js';
import { CommitError } from '../errors/commit.error.js';
import { ensureError, KafkaWorkerError } from '../errors/kafka-worker.error.js';
import type { EventHub } from '../events/emitter.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';
import { commitTransaction } from './transaction-commit.js';

/** Wait before a commit that failed is sent again. Milliseconds. */
const RETRY_MS = 500;

/** What one partition puts into a commit. */
interface Entry {
  readonly partition: PartitionAssignment;
  readonly offset: OffsetCommit;
}

/**
 * Sends the commits of one group member: one round at a time, each with everything that has changed. Offsets go out in
 * one request, those of `transactional()` partitions in a transaction each.
 *
 * A snapshot is taken when the commit is sent, never before, and only of assignments that are alive then: what was
 * handed over meanwhile is not in it. A commit that fails leaves its partitions dirty.
 */
export class Committer {
  readonly #dirty = new Set<PartitionAssignment>();
  /** The round under way; rounds never overlap. */
  #inFlight: Promise<void> | undefined;
  #timer: TimerHandle;
  /** When the timer fires; Infinity: it is not set. */
  #timerDue = Infinity;
  /** From the start of a rebalance until the next assignment: only `flush` and `confirm` commit. */
  #held = false;
  #closed = false;
  /** Callers of `flush` that wait for the round under way: they come before commits of our own. */
  #flushing = 0;
  /** Partitions that `confirm` was called for, and the round that will have them. */
  readonly #asked = new Set<PartitionAssignment>();
  #confirming: Promise<ReadonlySet<PartitionAssignment>> | undefined;

  constructor(
    readonly groupId: string,
    readonly consumer: Pick<DriverConsumer, 'commit' | 'committed'>,
    readonly clock: Clock,
    readonly events: EventHub,
  ) {}

  /** Something of this partition was settled. */
  note(partition: PartitionAssignment): void {
    const cadence = partition.worker.options.commit;
    if (cadence.mode !== 'cadence') return;
    const first = !partition.dirty;
    if (first) {
      partition.dirty = true;
      this.#dirty.add(partition);
    }
    if (++partition.settledSinceCommit >= cadence.records) this.#kick();
    else if (first && cadence.intervalMs !== Infinity) this.#schedule(cadence.intervalMs);
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
    this.#asked.delete(partition);
    partition.dirty = false;
  }

  /**
   * Commits these partitions now, changed or not, after the round under way.
   * @throws CommitError when the broker does not acknowledge it, or all of them are gone.
   */
  async flush(partitions: readonly PartitionAssignment[]): Promise<void> {
    this.#flushing++;
    while (this.#inFlight !== undefined) await this.#inFlight.catch(() => {});
    this.#flushing--;
    await this.#send(partitions);
  }

  /**
   * Resolves when what is settled now in this partition has been acknowledged. Callers of one turn, and of the time that
   * the round before takes, share a commit.
   * @throws CommitError
   */
  async confirm(partition: PartitionAssignment): Promise<void> {
    this.#asked.add(partition);
    const sent = await (this.#confirming ??= this.#confirm());
    // given back meanwhile: of this one nothing was sent
    if (!sent.has(partition)) throw new CommitError('COMMIT_STALE', 'the partition is not committed any more');
  }

  async #confirm(): Promise<ReadonlySet<PartitionAssignment>> {
    await Promise.resolve();
    this.#flushing++;
    while (this.#inFlight !== undefined) await this.#inFlight.catch(() => {});
    this.#flushing--;
    this.#confirming = undefined;
    const sent = new Set(this.#closed ? [] : [...this.#asked].filter(({ alive, commits }) => alive && commits));
    this.#asked.clear();
    await this.#send([...sent]);
    return sent;
  }

  /**
   * Tells the broker that the member is alive, without changing anything where offsets are part of transactions.
   * @throws CommitError
   */
  async keepAlive(partitions: readonly PartitionAssignment[]): Promise<void> {
    const grouped = partitions.filter(({ alive, producer }) => alive && producer !== undefined);
    const plain = partitions.filter(({ producer }) => producer === undefined);
    if (plain.length > 0) return this.flush(plain);
    while (this.#inFlight !== undefined) await this.#inFlight.catch(() => {});
    if (this.#closed || grouped.length === 0) return;
    const work = this.consumer.commit(grouped.map(({ known }) => known));
    this.#inFlight = work.finally(() => (this.#inFlight = undefined));
    await this.#inFlight;
  }

  /** Sends nothing more; a round under way goes on. */
  close(): void {
    this.#closed = true;
    this.#clearTimer();
    this.#dirty.clear();
    this.#asked.clear();
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

  /** Commits what is dirty, unless a round is under way: that one looks again when it has ended. */
  #kick(): void {
    if (this.#inFlight !== undefined || this.#held || this.#closed || this.#dirty.size === 0) return;
    this.#clearTimer();
    this.#send([...this.#dirty]).catch(() => {}); // an event has told of it, and what failed is dirty again
  }

  /**
   * After a round: partitions that have had their number of records meanwhile go at once, the rest on time. Without a
   * timer that time has come while the round was under way.
   */
  #again(): void {
    if (this.#flushing > 0) return;
    const due = this.#timerDue === Infinity;
    for (const partition of this.#dirty) {
      const { intervalMs, records } = partition.worker.options.commit;
      if ((due && intervalMs !== Infinity) || partition.settledSinceCommit >= records) return this.#kick();
    }
  }

  /** @throws CommitError, the first of the round */
  #send(partitions: readonly PartitionAssignment[]): Promise<void> {
    const alive = this.#closed ? [] : partitions.filter((partition) => partition.alive);
    if (alive.length === 0) {
      if (partitions.length === 0) return Promise.resolve();
      return Promise.reject(new CommitError('COMMIT_STALE', 'the partition is not held by this process any more'));
    }
    const plain: Entry[] = [];
    const works: Promise<CommitError | undefined>[] = [];
    for (const partition of alive) {
      if (!partition.commits) continue;
      // what is part of a transaction is committed when there is something to commit, and then only
      if (partition.producer !== undefined && !partition.dirty) continue;
      const offset = partition.snapshot();
      if (offset === undefined) works.push(this.#tooLarge(partition));
      else if (partition.producer === undefined) plain.push({ partition, offset });
      else works.push(this.#track([{ partition, offset }], () => commitTransaction(this, partition, offset)));
    }
    if (plain.length > 0) works.push(this.#track(plain, () => this.#commitPlain(plain)));
    if (works.length === 0) return Promise.resolve();
    const round = Promise.all(works).then((errors) => {
      this.#inFlight = undefined;
      const error = errors.find((one) => one !== undefined);
      if (error === undefined) return this.#again();
      if (this.#dirty.size > 0) this.#schedule(RETRY_MS);
      throw error;
    });
    this.#inFlight = round;
    for (const partition of alive) partition.heedMapSize();
    return round;
  }

  async #commitPlain(entries: readonly Entry[]): Promise<void> {
    await this.consumer.commit(entries.map(({ offset }) => offset));
    await Promise.all(
      entries.map(async ({ partition, offset }) => {
        try {
          await partition.claim?.advance(offset.offset);
        } catch (thrown) {
          // rows that are not needed stay a while longer; but who is fenced should know
          if (KafkaWorkerError.is(thrown) && thrown.code === 'STORE_FENCED') {
            partition.owner.fenced(partition, ensureError(thrown));
          }
        }
      }),
    );
  }

  /** Takes what is told of these partitions as sent, and puts it back where it was not. Never rejects. */
  #track(entries: readonly Entry[], work: () => Promise<void>): Promise<CommitError | undefined> {
    for (const { partition } of entries) {
      this.#dirty.delete(partition);
      partition.dirty = false;
      partition.settledSinceCommit = 0;
    }
    const startedAt = this.clock.now();
    return work().then(
      () => {
        for (const { partition, offset } of entries) {
          partition.committed = offset.offset;
          partition.known = offset;
        }
        const durationMs = this.clock.now() - startedAt;
        this.events.emit({ type: 'commit.succeeded', groupId: this.groupId, partitions: entries.length, durationMs });
        return undefined;
      },
      (thrown: unknown) => {
        const error =
          thrown instanceof CommitError
            ? thrown
            : new CommitError('COMMIT_FAILED', ensureError(thrown).message, { cause: thrown });
        const longest = Math.max(...entries.map(({ offset }) => offset.metadata.length));
        for (const { partition, offset } of entries) {
          this.#failed(partition, error, offset.metadata.length === longest);
        }
        this.#tell(error);
        return error;
      },
    );
  }

  /** Its done-set has to become smaller first: it is tried again, and grows no more meanwhile. */
  async #tooLarge(partition: PartitionAssignment): Promise<CommitError> {
    const { topic, partition: number, mapChars } = partition;
    const message = `the done-set of ${topic}/${number} takes ${mapChars} characters, and without it records would be repeated`;
    this.#failed(partition, new CommitError('COMMIT_FAILED', message), false);
    await Promise.resolve();
    const error = new CommitError('COMMIT_FAILED', message);
    this.#tell(error);
    return error;
  }

  #tell(error: CommitError): void {
    this.events.emit({ type: 'commit.failed', groupId: this.groupId, error, willRetry: this.#dirty.size > 0 });
  }

  /** @param longest no map of the commit was longer than the partition's: the one to blame for too much metadata. */
  #failed(partition: PartitionAssignment, error: CommitError, longest: boolean): void {
    if (error.code === 'COMMIT_METADATA_TOO_LARGE' && longest) partition.shrinkMapLimit();
    const { mode } = partition.worker.options.commit;
    if (!partition.alive || error.code === 'COMMIT_FENCED' || mode !== 'cadence') return;
    partition.dirty = true;
    this.#dirty.add(partition);
  }
}
