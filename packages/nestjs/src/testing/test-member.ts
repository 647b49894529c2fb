import { AsyncLocalStorage } from 'node:async_hooks';
import {
  KafkaWorkerError,
  type Delivery,
  type EngineSnapshot,
  type OutgoingRecord,
  type WorkerDefinition,
} from '@kafka-worker/engine';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { AttributedDelivery } from './attributed-delivery.js';
import { matches, sourceOf } from './forward-topics.js';
import type { LedgerEntry, RecordLedger } from './record-ledger.js';

/** The record whose handler is running, in the asynchronous context of that handler. */
const handling = new AsyncLocalStorage<LedgerEntry>();

/** Whose handler the caller runs in; undefined outside of handlers. */
export function recordAtHand(): LedgerEntry | undefined {
  return handling.getStore();
}

/** What handlers have sent in transactions that are still to be committed. */
const senders = new WeakMap<OutgoingRecord, LedgerEntry>();

/** Whose handler sent a record in a transaction. */
export function senderOf(record: OutgoingRecord): LedgerEntry | undefined {
  return senders.get(record);
}

/** One connection of an application under test: a member of its groups. */
export class TestMember {
  /** The last delivery of each partition, through which it can be committed. By worker, topic and partition. */
  readonly #deliveries = new Map<string, Delivery>();
  /** What has been settled since it was last committed by hand; keys as above. */
  readonly #uncommitted = new Set<string>();

  #isRestarting = false;

  constructor(
    readonly connection: KafkaWorkerConnection,
    /** All of its workers, with the patterns they were given. */
    readonly definitions: readonly WorkerDefinition[],
    private readonly ledger: RecordLedger,
  ) {
    connection.runtime.events$.subscribe((event) => {
      if (event.type === 'record.settled') this.#uncommitted.add(keyOf(event.worker, event.topic, event.partition));
    });
  }

  get snapshot(): EngineSnapshot {
    const snapshot = this.connection.runtime.inspect();
    // Between two engines nothing has ended for who waits.
    return this.#isRestarting ? { ...snapshot, state: 'DRAINING' } : snapshot;
  }

  /** Handlers that run: places that are taken while a record waits do not count. */
  get isBusy(): boolean {
    return this.snapshot.groups.some(({ partitions }) => partitions.some(({ running }) => running > 0));
  }

  /** Its groups that read a topic, or would if it existed. */
  groupsOf(topic: string): string[] {
    return [
      ...new Set(
        this.definitions.filter((worker) => sourceOf(worker, topic) !== undefined).map(({ groupId }) => groupId),
      ),
    ];
  }

  /** Whether the engine has the topic: it looked patterns up when it started. */
  hasTopic(topic: string): boolean {
    const sources = this.definitions.flatMap((worker) => sourceOf(worker, topic) ?? []);
    const known = this.snapshot.groups.flatMap(({ workers }) => workers.flatMap(({ topics }) => topics));
    return sources.some((source) => known.includes(source));
  }

  /**
   * A worker as its engine gets it: without patterns that match none of the topics there are, since those would stop
   * the start; undefined where nothing remains.
   */
  prepare(worker: WorkerDefinition, existing: readonly string[], began: () => void): WorkerDefinition | undefined {
    const topics = worker.topics.filter((topic) => existing.some((name) => matches(topic, name)));
    if (topics.length === 0) return undefined;
    const { delivery: guarantee } = worker.options ?? {};
    const isTransactional = typeof guarantee === 'object' && guarantee.type === 'transactional';
    return {
      ...worker,
      topics,
      handle: (delivery) => {
        const { topic, partition } = delivery.record;
        if (worker.options?.commit !== 'manual') this.#deliveries.set(keyOf(worker.id, topic, partition), delivery);
        began();
        const entry = this.ledger.entry(worker.groupId, delivery.record);
        const attributed = isTransactional
          ? new AttributedDelivery(delivery, (record) => senders.set(record, entry))
          : delivery;
        return handling.run(entry, () => worker.handle(attributed));
      },
    };
  }

  /** See `KafkaWorkerConnection.restart`. */
  async restart(): Promise<void> {
    this.#isRestarting = true;
    try {
      await this.connection.restart();
    } finally {
      this.#isRestarting = false;
    }
  }

  /** Commits what is settled and not committed; what `commit: 'manual'` leaves to handlers is left to them. */
  async commit(): Promise<void> {
    for (const key of [...this.#uncommitted]) {
      this.#uncommitted.delete(key);
      try {
        await this.#deliveries.get(key)?.commit();
      } catch (error) {
        // Handed over meanwhile, and committed then.
        if (KafkaWorkerError.is(error) && error.code === 'COMMIT_STALE') continue;
        this.#uncommitted.add(key);
        throw error;
      }
    }
  }
}

function keyOf(worker: string, topic: string, partition: number): string {
  return `${worker}\n${topic}/${partition}`;
}
