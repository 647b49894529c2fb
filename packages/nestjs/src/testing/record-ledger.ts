import {
  decodeDoneMap,
  type Disposition,
  type DriverTransaction,
  type EngineEvent,
  type OffsetCommit,
} from '@kafka-worker/engine';
import type { DeliveryOutcome, RecordPosition } from './delivered-record.js';
import type { ProducedRecord } from './produced-record.js';

/** What is known of one record in one group. */
export class LedgerEntry {
  worker = '';
  attempts = 0;
  readonly errors: Error[] = [];
  readonly produced: ProducedRecord[] = [];
  /** Undefined while it is on its way. */
  disposition: Disposition | undefined;
  /** Where its copy stands, of dead letters and records that are retried later. */
  to: RecordPosition | undefined;
  settledAt = 0;
  /** It is settled, and the transaction that says so has not been committed. */
  awaitsTransaction = false;

  constructor(
    readonly groupId: string,
    readonly record: RecordPosition,
  ) {}

  outcome(since: number): DeliveryOutcome {
    return {
      groupId: this.groupId,
      worker: this.worker,
      disposition: this.disposition ?? 'abandoned',
      to: this.to,
      attempts: this.attempts,
      error: this.errors.at(-1),
      errors: [...this.errors],
      produced: [...this.produced],
      durationMs: Math.max(0, this.settledAt - since),
    };
  }
}

type RecordEvent = Extract<EngineEvent, { readonly offset: number; readonly attempt: number }>;

/** What has become of every record of a cluster, in every group, as the engines of all its members tell it. */
export class RecordLedger {
  readonly #entries = new Map<string, LedgerEntry>();

  constructor(
    private readonly now: () => number,
    /** Whether a worker commits in transactions. */
    private readonly isTransactional: (worker: string) => boolean,
  ) {}

  /** Records that are settled and wait for their transaction. */
  get awaitTransactions(): boolean {
    return [...this.#entries.values()].some(({ awaitsTransaction }) => awaitsTransaction);
  }

  /** Made on first use. */
  entry(groupId: string, { topic, partition, offset }: RecordPosition): LedgerEntry {
    const key = `${groupId}\n${topic}/${partition}@${offset}`;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = new LedgerEntry(groupId, { topic, partition, offset });
      this.#entries.set(key, entry);
    }
    return entry;
  }

  hear(event: EngineEvent): void {
    if (event.type === 'record.failed') {
      const entry = this.#of(event);
      entry.attempts++;
      entry.errors.push(event.error);
    } else if (event.type === 'record.settled') {
      if (event.disposition === 'done') this.#of(event).attempts++;
      this.#settle(event, event.disposition, event.to);
    } else if (event.type === 'frozen') {
      this.#settle(event, 'frozen');
    } else if (event.type === 'unfrozen') {
      this.#reopen(event, ({ record, disposition }) => record.offset === event.offset && disposition === 'frozen');
    } else if (event.type === 'sought') {
      this.#reopen(event, (entry) => entry.record.offset >= event.offset);
    }
  }

  /** A transaction has been committed. */
  committed({ groupId, offsets }: DriverTransaction): void {
    for (const entry of this.#entries.values()) {
      if (entry.groupId === groupId && offsets.some((offset) => covers(offset, entry.record))) {
        entry.awaitsTransaction = false;
      }
    }
  }

  #of(event: RecordEvent): LedgerEntry {
    const entry = this.entry(event.groupId, event);
    entry.worker = event.worker;
    return entry;
  }

  #settle(event: RecordEvent, disposition: Disposition, to?: RecordPosition): void {
    const entry = this.#of(event);
    entry.disposition = disposition;
    entry.to = to && { topic: to.topic, partition: to.partition, offset: to.offset };
    entry.settledAt = this.now();
    entry.awaitsTransaction =
      disposition !== 'frozen' && disposition !== 'abandoned' && this.isTransactional(event.worker);
  }

  /** They come again: nothing is known of their end any more. */
  #reopen(
    at: { readonly groupId: string; readonly topic: string; readonly partition: number },
    comesAgain: (entry: LedgerEntry) => boolean,
  ): void {
    for (const entry of this.#entries.values()) {
      const { topic, partition } = entry.record;
      const isThere = entry.groupId === at.groupId && topic === at.topic && partition === at.partition;
      if (!isThere || !comesAgain(entry)) continue;
      entry.disposition = undefined;
      entry.to = undefined;
      entry.awaitsTransaction = false;
    }
  }
}

/** Whether a commit says that a record is settled. */
function covers(commit: OffsetCommit, { topic, partition, offset }: RecordPosition): boolean {
  if (commit.topic !== topic || commit.partition !== partition) return false;
  if (offset < commit.offset) return true;
  const map = decodeDoneMap(commit.metadata, commit.offset, Number.MAX_SAFE_INTEGER);
  return map.ok && map.ranges.some(({ from, to }) => from <= offset && offset < to);
}
