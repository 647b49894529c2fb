import type { Clock, TimerHandle } from '../clock.js';
import type { DriverConsumer, OffsetCommit } from '../driver/driver.js';
import { CommitError } from '../errors/commit.error.js';
import { ensureError } from '../errors/kafka-worker.error.js';
import type { EventHub } from '../events/emitter.js';
import type { PartitionAssignment } from '../group/partition-assignment.js';
import { StoreProgress } from './store-progress.js';
import { commitTransaction } from './transaction-commit.js';

/** Wait before a commit that failed is sent again. Milliseconds. */
const RETRY_MS = 500;

/** What one partition puts into a commit. */
interface Entry {
  readonly partition: PartitionAssignment;
  readonly offset: OffsetCommit;
}

/**
 * How a round ended for each partition that was part of it; undefined: acknowledged. The trouble of one partition is not
 * that of those who wait for another.
 */
type Outcome = ReadonlyMap<PartitionAssignment, CommitError | undefined>;

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
  #inFlight: Promise<unknown> | undefined;
  /** Signs of life under way. */
  readonly #signs = new Set<Promise<void>>();
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
  #confirming: Promise<Outcome> | undefined;
  readonly #stores = new StoreProgress();

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
    while (this.#isBusy) await this.#turn();
    const outcome = await this.#send(partitions);
    const gone = this.#closed || !partitions.some(({ alive }) => alive);
    if (outcome.size === 0 && partitions.length > 0 && gone) throw stale();
    for (const partition of partitions) throwIf(outcome.get(partition));
  }

  /**
   * Resolves when what is settled now in this partition has been acknowledged. Callers of one turn, and of the time that
   * the round before takes, share a commit.
   * @throws CommitError COMMIT_STALE where the partition was given back, or the committer closed, meanwhile
   */
  async confirm(partition: PartitionAssignment): Promise<void> {
    this.#asked.add(partition);
    this.#confirming ??= this.#confirm();
    const outcome = await this.#confirming;
    // given back meanwhile: of this one nothing was sent. Or the group is being left: nothing may begin any more
    const over = this.#closed || !outcome.has(partition);
    throwIf(over ? stale() : outcome.get(partition));
  }

  async #confirm(): Promise<Outcome> {
    await Promise.resolve();
    while (this.#isBusy) await this.#turn();
    this.#confirming = undefined;
    const asked = [...this.#asked];
    this.#asked.clear();
    return this.#send(asked);
  }

  get #isBusy(): boolean {
    return this.#inFlight !== undefined || this.#signs.size > 0;
  }

  /** Waits for the round under way. Another one may have begun when its caller goes on: it has to look. */
  async #turn(): Promise<void> {
    this.#flushing++;
    await this.#inFlight?.catch(() => {});
    await Promise.allSettled(this.#signs);
    this.#flushing--;
  }

  /**
   * Tells the broker that the member is alive, without changing anything where offsets are part of transactions.
   * @throws CommitError
   */
  async keepAlive(partitions: readonly PartitionAssignment[]): Promise<void> {
    // what is under way or in doubt may count already, and what is held may be somebody else's: none is sent an old offset
    const sure = (one: PartitionAssignment): boolean => one.commits && !one.transacting && one.inDoubt === undefined;
    const grouped = partitions.filter((one) => one.alive && one.producer !== undefined && sure(one));
    const plain = partitions.filter(({ producer }) => producer === undefined);
    if (plain.length > 0) return this.flush(plain);
    if (this.#closed || grouped.length === 0) return;
    // not behind a transaction that takes its time: the session would not wait for it either. But before the next one: on
    // another connection this one could arrive after it, and take its offset back.
    const sign = this.consumer.commit(grouped.map(({ known }) => known)).finally(() => {
      this.#signs.delete(sign);
      if (this.#signs.size === 0 && !this.#held) this.#again();
    });
    this.#signs.add(sign);
    await sign;
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
    if (this.#isBusy || this.#held || this.#closed || this.#dirty.size === 0) return;
    this.#clearTimer();
    void this.#send([...this.#dirty]); // an event tells of what fails, and it is dirty again
  }

  /**
   * After a round: partitions that have had their number of records meanwhile go at once, the rest on time. Without a
   * timer that time has come while the round was under way.
   */
  #again(): void {
    if (this.#flushing === 0 && this.#due().length > 0) this.#kick();
  }

  /** Dirty partitions whose time, or number of records, has come. */
  #due(): PartitionAssignment[] {
    const late = this.#timerDue === Infinity;
    return [...this.#dirty].filter(({ worker, settledSinceCommit }) => {
      const { intervalMs, records } = worker.options.commit;
      return (late && intervalMs !== Infinity) || settledSinceCommit >= records;
    });
  }

  /**
   * A round with these partitions, and with those that are due: who asks again and again must not keep others waiting.
   * Never rejects.
   */
  #send(asked: readonly PartitionAssignment[]): Promise<Outcome> {
    const outcome = new Map<PartitionAssignment, CommitError | undefined>();
    const partitions = this.#closed ? [] : [...new Set([...asked, ...(this.#held ? [] : this.#due())])];
    const plain: Entry[] = [];
    const works: Promise<void>[] = [];
    for (const partition of partitions) {
      if (!partition.alive || !partition.commits) continue;
      // what is part of a transaction is committed when there is something to commit, and then only
      if (partition.producer !== undefined && !partition.dirty) continue;
      outcome.set(partition, undefined);
      const offset = partition.snapshot();
      if (offset === undefined) works.push(this.#tooLarge(partition, outcome));
      else if (partition.producer === undefined) plain.push({ partition, offset });
      else works.push(this.#track([{ partition, offset }], outcome, () => commitTransaction(this, partition, offset)));
    }
    if (plain.length > 0) works.push(this.#track(plain, outcome, () => this.#commitPlain(plain)));
    if (works.length === 0) return Promise.resolve(outcome);
    const round = Promise.all(works).then(() => {
      this.#inFlight = undefined;
      const failed = [...outcome.values()].some((error) => error !== undefined);
      if (!failed) this.#again();
      else if (this.#dirty.size > 0) this.#schedule(RETRY_MS);
      return outcome;
    });
    this.#inFlight = round;
    for (const partition of outcome.keys()) partition.heedMapSize();
    return round;
  }

  async #commitPlain(entries: readonly Entry[]): Promise<void> {
    await this.consumer.commit(entries.map(({ offset }) => offset));
    for (const { partition, offset } of entries) this.#stores.tell(partition, offset.offset);
  }

  /** Takes what is told of these partitions as sent, and puts it back where it was not. Never rejects. */
  #track(
    entries: readonly Entry[],
    outcome: Map<PartitionAssignment, CommitError | undefined>,
    work: () => Promise<void>,
  ): Promise<void> {
    for (const { partition } of entries) {
      this.#dirty.delete(partition);
      partition.dirty = false;
      partition.settledSinceCommit = 0;
    }
    const startedAt = this.clock.now();
    return work().then(
      () => {
        for (const { partition, offset } of entries) partition.acknowledge(offset);
        const durationMs = this.clock.now() - startedAt;
        this.events.emit({ type: 'commit.succeeded', groupId: this.groupId, partitions: entries.length, durationMs });
      },
      (thrown: unknown) => {
        const error =
          thrown instanceof CommitError
            ? thrown
            : new CommitError('COMMIT_FAILED', ensureError(thrown).message, { cause: thrown });
        const longest = Math.max(...entries.map(({ offset }) => offset.metadata.length));
        for (const { partition, offset } of entries) {
          outcome.set(partition, error);
          this.#failed(partition, error, offset.metadata.length === longest);
        }
        this.#tell(error);
      },
    );
  }

  /** Its done-set has to become smaller first: it is tried again, and grows no more meanwhile. */
  async #tooLarge(
    partition: PartitionAssignment,
    outcome: Map<PartitionAssignment, CommitError | undefined>,
  ): Promise<void> {
    const { topic, partition: number, mapChars } = partition;
    const message = `the done-set of ${topic}/${number} takes ${mapChars} characters, and without it records would be repeated`;
    const error = new CommitError('COMMIT_METADATA_TOO_LARGE', message);
    outcome.set(partition, error);
    partition.tighten();
    this.#failed(partition, error, false);
    await Promise.resolve();
    this.#tell(error);
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

function stale(): CommitError {
  return new CommitError('COMMIT_STALE', 'the partition is not held by this process any more');
}

/** @throws CommitError */
function throwIf(error: CommitError | undefined): void {
  if (error !== undefined) throw error;
}
