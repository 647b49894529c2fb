import type { CommitError, OffsetCommit, TopicPartition } from '@kafka-worker/engine';
import type { Consumer } from 'kafkajs';
import { brokerErrorType } from '../errors/broker-error.js';
import { staleCommit, toCommitError } from '../errors/commit-errors.js';
import type { OffsetCommitRequest } from './join-gate.js';

/** What commits must know of the membership. */
export interface CommitGate {
  /** One more with each join and each loss. */
  readonly epoch: number;
  /** Undefined: partitions of this epoch may be committed now. Else why not. */
  refusal(epoch: number, partitions: readonly TopicPartition[]): string | undefined;
  /** The broker does not know the member any more. */
  fenced(error: Error): void;
}

/**
 * Commits, one at a time and each bound to the epoch in which it was asked for.
 *
 * The broker checks member and generation of a commit but not who owns the partition, and kafkajs retries a commit
 * with back-off under whatever generation it has by then. A retry that crosses a join would move the offset of a
 * partition that is somebody else's already. So commits stand in one queue, the gate before a join waits for the
 * running one, and each request is looked at once more on its way out.
 */
export class Commits {
  /** Settles when everything that was asked for so far has. Never rejects. */
  private tail: Promise<void> = Promise.resolve();
  /** The commit that kafkajs is busy with. */
  private running:
    { readonly epoch: number; acknowledged: boolean; readonly offsets: readonly OffsetCommit[] } | undefined;

  constructor(
    private readonly consumer: Consumer,
    private readonly gate: CommitGate,
  ) {
    // Told synchronously, before commitOffsets resolves. That alone is no proof: while kafkajs stops, commitOffsets
    // resolves without having sent anything.
    consumer.on(consumer.events.COMMIT_OFFSETS, () => {
      if (this.running) this.running.acknowledged = true;
    });
  }

  commit(offsets: readonly OffsetCommit[]): Promise<void> {
    const { epoch } = this.gate;
    const why = this.gate.refusal(epoch, offsets);
    if (why !== undefined) return Promise.reject(staleCommit(why));
    if (offsets.length === 0) return this.tail;
    const sent = this.tail.then(() => this.send(epoch, offsets));
    this.tail = sent.catch(() => undefined);
    return sent;
  }

  /** Settles when nothing is queued or running any more. */
  idle(): Promise<void> {
    return this.tail;
  }

  /** Last look at a request before it goes out, retries included. */
  check(request: OffsetCommitRequest): void {
    // kafkajs' own reset of a position commits -1 or -2 without metadata. It is never let through.
    const own = request.topics.some(({ partitions }) => partitions.some(({ offset }) => Number(offset) < 0));
    const { running } = this;
    const why = running === undefined || own ? 'not asked for' : this.gate.refusal(running.epoch, running.offsets);
    // `retriable: false` keeps kafkajs from trying again.
    if (why !== undefined) throw Object.assign(staleCommit(why), { retriable: false });
  }

  /**
   * The group has gone on without this member: it does not know it, or is at a generation that this member never joined.
   * Under the generation that it holds a commit is accepted until JoinGroup is answered, and commits never cross that.
   */
  private isOutside(epoch: number, { code }: CommitError, error: unknown): boolean {
    if (code === 'COMMIT_FENCED') return epoch === this.gate.epoch;
    return brokerErrorType(error) === 'ILLEGAL_GENERATION' && this.gate.refusal(epoch, []) === undefined;
  }

  private async send(epoch: number, offsets: readonly OffsetCommit[]): Promise<void> {
    const why = this.gate.refusal(epoch, offsets);
    if (why !== undefined) throw staleCommit(why);
    const running = { epoch, offsets, acknowledged: false };
    this.running = running;
    try {
      await this.consumer.commitOffsets(offsets.map(toKafkajs));
    } catch (error) {
      const failure = toCommitError(error);
      if (this.isOutside(epoch, failure, error)) this.gate.fenced(failure);
      throw failure;
    } finally {
      this.running = undefined;
    }
    if (!running.acknowledged) throw staleCommit('the client is not running any more');
  }
}

function toKafkajs({ topic, partition, offset, metadata }: OffsetCommit) {
  return { topic, partition, offset: String(offset), metadata };
}
