import { AsyncLocalStorage } from 'node:async_hooks';
import { KafkaWorkerError, type Delivery, type EngineSnapshot, type WorkerDefinition } from '@kafka-worker/engine';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import type { LedgerEntry, RecordLedger } from './record-ledger.js';

/** The record whose handler is running, in the asynchronous context of that handler. */
const handling = new AsyncLocalStorage<LedgerEntry>();

/** Whose handler the caller runs in; undefined outside of handlers. */
export function recordAtHand(): LedgerEntry | undefined {
  return handling.getStore();
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
    return [...new Set(this.definitions.filter((worker) => reads(worker, topic)).map(({ groupId }) => groupId))];
  }

  /** Whether the engine has the topic: it looked patterns up when it started. */
  hasTopic(topic: string): boolean {
    return this.snapshot.groups.some(({ workers }) => workers.some(({ topics }) => topics.includes(topic)));
  }

  /**
   * A worker as its engine gets it: without patterns that match none of the topics there are, since those would stop
   * the start; undefined where nothing remains.
   */
  prepare(worker: WorkerDefinition, existing: readonly string[], began: () => void): WorkerDefinition | undefined {
    const topics = worker.topics.filter((topic) => existing.some((name) => matches(topic, name)));
    if (topics.length === 0) return undefined;
    return {
      ...worker,
      topics,
      handle: (delivery) => {
        const { topic, partition } = delivery.record;
        if (worker.options?.commit !== 'manual') this.#deliveries.set(keyOf(worker.id, topic, partition), delivery);
        began();
        return handling.run(this.ledger.entry(worker.groupId, delivery.record), () => worker.handle(delivery));
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

function reads({ topics }: WorkerDefinition, topic: string): boolean {
  return topics.some((own) => matches(own, topic));
}

/** Expressions carry no state: the plan has taken `g` and `y` off them. */
function matches(own: string | RegExp, topic: string): boolean {
  return typeof own === 'string' ? own === topic : own.test(topic);
}

function keyOf(worker: string, topic: string, partition: number): string {
  return `${worker}\n${topic}/${partition}`;
}
