import type { Disposition, EngineEvent } from '@kafka-worker/engine';
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
  settledAt = 0;

  constructor(
    readonly groupId: string,
    readonly record: RecordPosition,
  ) {}

  outcome(since: number): DeliveryOutcome {
    return {
      groupId: this.groupId,
      worker: this.worker,
      disposition: this.disposition ?? 'abandoned',
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

  constructor(private readonly now: () => number) {}

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
      this.#settle(event, event.disposition);
    } else if (event.type === 'frozen') {
      this.#settle(event, 'frozen');
    } else if (event.type === 'unfrozen') {
      this.#reopen(event, (entry) => entry.disposition === 'frozen');
    } else if (event.type === 'sought') {
      this.#reopen(event, (entry) => entry.record.offset >= event.offset);
    }
  }

  #of(event: RecordEvent): LedgerEntry {
    const entry = this.entry(event.groupId, event);
    entry.worker = event.worker;
    return entry;
  }

  #settle(event: RecordEvent, disposition: Disposition): void {
    const entry = this.#of(event);
    entry.disposition = disposition;
    entry.settledAt = this.now();
  }

  /** They come again: nothing is known of their end any more. */
  #reopen(
    at: { readonly groupId: string; readonly topic: string; readonly partition: number },
    comesAgain: (entry: LedgerEntry) => boolean,
  ): void {
    for (const entry of this.#entries.values()) {
      const { topic, partition } = entry.record;
      const isThere = entry.groupId === at.groupId && topic === at.topic && partition === at.partition;
      if (isThere && comesAgain(entry)) entry.disposition = undefined;
    }
  }
}
