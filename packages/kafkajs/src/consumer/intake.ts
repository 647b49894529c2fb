import type { DriverConsumerListener, KafkaRecord, RecordHeaders, TopicPartition } from '@kafka-worker/engine';
import type { Batch, EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { Bell } from '../bounded.js';
import type { FetchControl } from './fetch-control.js';
import type { HeldPartition } from './held-partition.js';

/** What the intake asks of the membership. */
export interface IntakeGate {
  /** True between the settled `assigned` and the next join: the only time in which records are handed over. */
  readonly open: boolean;
  find(topic: string, partition: number): HeldPartition | undefined;
  /** The engine threw where it must not: ends the consumer with this error. */
  fail(error: unknown): void;
}

/**
 * Hands records to the engine and keeps back what it does not take. Never waits: kafkajs sends heartbeats and
 * fetches other partitions only when its handlers have returned.
 */
export class Intake {
  /** Resumed and still with a stash; offered in the next turn of the event loop. */
  private readonly due = new Set<HeldPartition>();
  private scheduled: NodeJS.Immediate | undefined;

  constructor(
    private readonly gate: IntakeGate,
    private readonly listener: Pick<DriverConsumerListener, 'records'>,
    private readonly control: FetchControl,
    /** Rung whenever a partition can be fetched again. */
    private readonly room: Bell,
  ) {}

  /** kafkajs' eachBatch. Everything in the batch is resolved at once: from here on the position is the driver's. */
  handle({ batch, resolveOffset, isStale }: Pick<EachBatchPayload, 'batch' | 'resolveOffset' | 'isStale'>): void {
    if (!this.gate.open) return;
    const held = this.gate.find(batch.topic, batch.partition);
    const last = batch.messages.at(-1);
    if (held?.standing !== 'open' || last === undefined || isStale()) return;
    const records = toRecords(batch, held.fetched ?? 0);
    // Resolving the last message also passes the control records behind it, which lastOffset() counts in.
    resolveOffset(last.offset);
    const next = Number(batch.lastOffset()) + 1;
    held.highWatermark = Number(batch.highWatermark);
    held.delivered ??= records[0]?.offset;
    if (held.fetched === undefined || next > held.fetched) held.fetched = next;
    if (records.length === 0) return;
    if (held.paused || held.full || held.stash.size > 0) {
      held.stash.put(records, 0);
      // Fetched although it was blocked, by another broker's loop: one response more is the most that may come.
      if (held.blocked) this.control.pause(held);
      return;
    }
    this.offer(held, records);
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const held = this.gate.find(topic, partition);
      // kafkajs is told at the top of the next round: a pause now would throw away the response under way.
      if (held) held.paused = true;
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const held = this.gate.find(topic, partition);
      if (!held) continue;
      held.paused = false;
      held.full = false;
      this.goOn(held);
    }
  }

  /** After a join: stashes that were kept are offered, the rest is fetched. */
  reopen(partitions: Iterable<HeldPartition>): void {
    for (const held of partitions) if (!held.paused) this.goOn(held);
  }

  close(): void {
    if (this.scheduled) clearImmediate(this.scheduled);
    this.scheduled = undefined;
    this.due.clear();
  }

  private goOn(held: HeldPartition): void {
    if (held.standing !== 'open') return; // with the `assigned` that follows
    if (held.stash.size > 0) {
      this.due.add(held);
      // Never within the engine's call, which may come from within records(), and a turn of the loop each time.
      this.scheduled ??= setImmediate(() => this.offerDue());
      return;
    }
    this.control.resume(held);
    this.room.wake();
  }

  private offerDue(): void {
    this.scheduled = undefined;
    const due = [...this.due];
    this.due.clear();
    for (const held of due) {
      if (!this.gate.open || held.standing !== 'open' || this.gate.find(held.topic, held.partition) !== held) continue;
      this.offerStash(held);
      if (held.stash.size === 0 && !held.paused) this.goOn(held);
    }
  }

  private offerStash(held: HeldPartition): void {
    while (held.stash.size > 0 && !held.paused && !held.full) {
      const offered = held.stash.peek();
      const taken = this.hand(held, offered);
      held.stash.take(taken);
      if (!held.blocked && held.clientPaused !== false) {
        this.control.resume(held);
        this.room.wake();
      }
      if (taken < offered.length) return;
    }
  }

  private offer(held: HeldPartition, records: readonly KafkaRecord[]): void {
    const taken = this.hand(held, records);
    if (taken >= records.length) return;
    held.stash.put(records, taken);
    // Resumed from within the call: the rest is offered in the next turn.
    if (!held.full && !held.paused) this.goOn(held);
  }

  /** Offers records once; all of them count as taken where the engine moved the position meanwhile. */
  private hand(held: HeldPartition, records: readonly KafkaRecord[]): number {
    const { topic, partition, highWatermark, jumps } = held;
    held.full = true;
    let taken = 0;
    try {
      taken = this.listener.records({ topic, partition, records, highWatermark });
    } catch (error) {
      this.gate.fail(error);
    }
    if (held.jumps !== jumps) return records.length;
    if (taken > 0) held.delivered = (records[taken - 1] as KafkaRecord).offset + 1;
    if (taken >= records.length) held.full = false;
    return taken;
  }
}

/** One object of one shape per record, its buffers shared with the response. Drops what lies below `from`. */
function toRecords(batch: Batch, from: number): KafkaRecord[] {
  const { topic, partition, messages } = batch;
  const records: KafkaRecord[] = [];
  for (const message of messages) {
    const offset = Number(message.offset);
    if (offset < from || isControl(message)) continue;
    records.push({
      topic,
      partition,
      offset,
      timestamp: Number(message.timestamp),
      key: message.key,
      value: message.value,
      headers: (message.headers ?? NO_HEADERS) as RecordHeaders,
    });
  }
  return records;
}

const NO_HEADERS: RecordHeaders = Object.freeze({});

function isControl(message: KafkaMessage & { readonly isControlRecord?: boolean }): boolean {
  return message.isControlRecord === true;
}
