import type { CommitError, OffsetCommit, TopicPartition } from '@kafka-worker/engine';
import type { Consumer } from 'kafkajs';
import { brokerErrorType } from '../errors/broker-error.js';
import { staleCommit, toCommitError } from '../errors/commit-errors.js';
import type { HeldPartition } from './held-partition.js';
import type { OffsetCommitRequest } from './join-gate.js';
import type { Term } from './term.js';

/** What a commit belongs to, from the moment in which it was asked for. */
export interface CommitTicket {
  readonly term: Term;
  readonly held: readonly (TopicPartition & { readonly as: HeldPartition | undefined })[];
}

/** What commits must know of the membership. */
export interface CommitGate {
  readonly term: Term;
  ticket(partitions: readonly TopicPartition[]): CommitTicket;
  /** Undefined: it may be committed, now or after the join that is under way. Else why not. */
  refusal(ticket: CommitTicket): string | undefined;
  /** False while a join is under way in which everything stays this member's. */
  readonly mayCommit: boolean;
  /** Settles when {@link mayCommit}. */
  calmed(): Promise<void>;
  /** The broker does not know the member any more. */
  fenced(error: Error): void;
}

/** The commit that kafkajs is busy with. */
interface Running {
  readonly ticket: CommitTicket;
  acknowledged: boolean;
  /** It met a join in which the partitions stay, and was not sent. */
  early: boolean;
}

/**
 * Commits, one at a time and each bound to the term in which it was asked for.
 *
 * The broker checks member and generation of a commit but not who owns the partition, and kafkajs retries a commit
 * with back-off under whatever generation it has by then. A retry that crosses a join would move the offset of a
 * partition that is somebody else's already. So commits stand in one queue, the gate before a join waits for the
 * running one, and each request is looked at once more on its way out. Where a join lets everything stay at work a
 * commit waits for its end, and is sent if the partitions are still the ones that it was asked for.
 */
export class Commits {
  /** Settles when everything that was asked for so far has. Never rejects. */
  private tail: Promise<void> = Promise.resolve();
  private running: Running | undefined;
  /** Settles when nothing is with kafkajs. Never rejects. */
  private flight: Promise<unknown> = Promise.resolve();

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
    const ticket = this.gate.ticket(offsets);
    const why = this.gate.refusal(ticket);
    if (why !== undefined) return Promise.reject(staleCommit(why));
    if (offsets.length === 0) return this.tail;
    const sent = this.tail.then(() => this.send(ticket, offsets));
    this.tail = sent.catch(() => undefined);
    return sent;
  }

  /** Settles when nothing is queued or running any more. */
  idle(): Promise<void> {
    return this.tail;
  }

  /** Settles when nothing is running any more. */
  async quiet(): Promise<void> {
    await this.flight;
  }

  /** Last look at a request before it goes out, retries included. */
  check(request: OffsetCommitRequest): void {
    // kafkajs' own reset of a position commits -1 or -2 without metadata. It is never let through.
    const own = request.topics.some(({ partitions }) => partitions.some(({ offset }) => Number(offset) < 0));
    const { running } = this;
    let why = running === undefined || own ? 'not asked for' : this.gate.refusal(running.ticket);
    if (why === undefined && running && !this.gate.mayCommit) {
      running.early = true;
      why = 'the group is joining anew';
    }
    // `retriable: false` keeps kafkajs from trying again.
    if (why !== undefined) throw Object.assign(staleCommit(why), { retriable: false });
  }

  /**
   * The group has gone on without this member: it does not know it, or is at a generation that this member never joined.
   * Under the generation that it holds a commit is accepted until JoinGroup is answered, and commits never cross that.
   */
  private isOutside(ticket: CommitTicket, { code }: CommitError, error: unknown): boolean {
    if (code === 'COMMIT_FENCED') return ticket.term === this.gate.term;
    const current = this.gate.mayCommit && this.gate.refusal({ ...ticket, held: [] }) === undefined;
    return brokerErrorType(error) === 'ILLEGAL_GENERATION' && current;
  }

  private async send(ticket: CommitTicket, offsets: readonly OffsetCommit[]): Promise<void> {
    for (;;) {
      await this.gate.calmed();
      const why = this.gate.refusal(ticket);
      if (why !== undefined) throw staleCommit(why);
      if (!this.gate.mayCommit) continue; // the next join has begun in between
      if (await this.trySend(ticket, offsets)) return;
    }
  }

  /** False where it was kept back by a join. */
  private async trySend(ticket: CommitTicket, offsets: readonly OffsetCommit[]): Promise<boolean> {
    const running: Running = { ticket, acknowledged: false, early: false };
    this.running = running;
    try {
      const sent = this.consumer.commitOffsets(offsets.map(toKafkajs));
      this.flight = sent.catch(() => undefined);
      await sent;
    } catch (error) {
      if (running.early) return false;
      const failure = toCommitError(error);
      if (this.isOutside(ticket, failure, error)) this.gate.fenced(failure);
      throw failure;
    } finally {
      this.running = undefined;
    }
    if (!running.acknowledged) throw staleCommit('the client is not running any more');
    return true;
  }
}

function toKafkajs({ topic, partition, offset, metadata }: OffsetCommit) {
  return { topic, partition, offset: String(offset), metadata };
}
