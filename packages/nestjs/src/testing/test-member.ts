import { AsyncLocalStorage } from 'node:async_hooks';
import {
  KafkaWorkerError,
  type EngineSnapshot,
  type ExactlyOnce,
  type OutgoingRecord,
  type Target,
  type Transactional,
  type WorkerDefinition,
} from '@kafka-worker/engine';
import { filter, firstValueFrom } from 'rxjs';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import { AttributedDelivery } from './attributed-delivery.js';
import { TopicReaders } from './forward-topics.js';
import type { LedgerEntry, RecordLedger } from './record-ledger.js';

/** `delivery` of a worker, in a word. */
export type Guarantee = 'at-least-once' | 'at-most-once' | (ExactlyOnce | Transactional)['type'];

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

/** A partition that a worker has settled records of. */
type Place = Required<Pick<Target, 'groupId' | 'worker' | 'topic' | 'partition'>>;

/** One connection of an application under test: a member of its groups. */
export class TestMember {
  /** Where records have been settled since it was last committed by hand. */
  readonly #uncommitted = new Map<string, Place>();
  readonly #readers: TopicReaders;

  #isRestarting = false;

  constructor(
    readonly connection: KafkaWorkerConnection,
    /** All of its workers, with the patterns they were given. */
    readonly definitions: readonly WorkerDefinition[],
    private readonly ledger: RecordLedger,
  ) {
    this.#readers = new TopicReaders(definitions);
    connection.runtime.events$.subscribe((event) => {
      if (event.type !== 'record.settled') return;
      const { groupId, worker, topic, partition } = event;
      this.#uncommitted.set(`${worker}\n${topic}/${partition}`, { groupId, worker, topic, partition });
    });
  }

  get snapshot(): EngineSnapshot {
    const snapshot = this.connection.runtime.inspect();
    // Between two engines nothing has ended for who waits.
    return this.#isRestarting ? { ...snapshot, state: 'DRAINING' } : snapshot;
  }

  /** Handlers that run: places that are taken while a record waits do not count. */
  get isBusy(): boolean {
    return this.snapshot.groups.some(({ partitions }) =>
      partitions.some(({ runningRecords }) => runningRecords.some(({ state }) => state === 'running')),
    );
  }

  /** Something may be asked of a user's store, which lives in real time as handlers do. */
  get awaitsStore(): boolean {
    return this.snapshot.groups.some(({ state, workers, partitions }) => {
      const ids = workers.flatMap(({ id, delivery }) => (delivery === 'exactly-once' ? [id] : []));
      if (ids.length === 0) return false;
      if (state === 'connecting' || state === 'rebalancing') return true;
      return partitions.some(
        ({ worker, held, heldBy }) => ids.includes(worker) && (held !== undefined || heldBy?.state === 'forwarding'),
      );
    });
  }

  /** What a worker promises; undefined where there is none of that id. */
  guaranteeOf(worker: string): Guarantee | undefined {
    const found = this.definitions.find(({ id }) => id === worker);
    if (!found) return undefined;
    const guarantee = found.options?.delivery ?? 'at-least-once';
    return typeof guarantee === 'string' ? guarantee : guarantee.type;
  }

  /** Its groups that read a topic, or would if it existed. */
  groupsOf(topic: string): string[] {
    return [
      ...new Set(
        this.definitions
          .filter((worker) => this.#readers.sourceOf(worker, topic) !== undefined)
          .map(({ groupId }) => groupId),
      ),
    ];
  }

  /** Whether the engine has the topic: it looked patterns up when it started. */
  hasTopic(topic: string): boolean {
    const sources = this.definitions.flatMap((worker) => this.#readers.sourceOf(worker, topic) ?? []);
    const known = this.snapshot.groups.flatMap(({ workers }) => workers.flatMap(({ topics }) => topics));
    return sources.some((source) => known.includes(source));
  }

  /**
   * A worker as its engine gets it: without patterns that match none of the topics there are, since those would stop
   * the start; undefined where nothing remains.
   */
  prepare(worker: WorkerDefinition, existing: readonly string[], began: () => void): WorkerDefinition | undefined {
    const topics = worker.topics.filter((topic) => existing.some((name) => this.#readers.means(topic, name)));
    if (topics.length === 0) return undefined;
    const isTransactional = this.guaranteeOf(worker.id) === 'transactional';
    return {
      ...worker,
      topics,
      handle: (delivery) => {
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

  /**
   * Commits what is settled and not committed; what `commit: 'manual'` and `'none'` leave alone is left alone. What is
   * committed in transactions cannot be asked for: it is waited for.
   */
  async commit(): Promise<void> {
    for (const [key, place] of [...this.#uncommitted]) {
      this.#uncommitted.delete(key);
      if (!this.#mayCommit(place)) continue;
      try {
        if (this.guaranteeOf(place.worker) === 'transactional') await this.#once(() => !this.ledger.awaitTransactions);
        else if (this.guaranteeOf(place.worker) === 'exactly-once') await this.#once(() => this.#isCommitted(place));
        else await this.connection.runtime.commit(place);
      } catch (error) {
        // Handed over meanwhile, and committed then.
        if (KafkaWorkerError.is(error) && (error.code === 'COMMIT_STALE' || error.code === 'UNKNOWN_TARGET')) continue;
        this.#uncommitted.set(key, place);
        throw error;
      }
    }
  }

  #mayCommit({ worker }: Place): boolean {
    const commit = this.definitions.find(({ id }) => id === worker)?.options?.commit;
    return commit !== 'manual' && commit !== 'none';
  }

  #isCommitted({ topic, partition }: Place): boolean {
    const all = this.snapshot.groups.flatMap(({ partitions }) => partitions);
    const found = all.find((own) => own.topic === topic && own.partition === partition);
    return found === undefined || found.committed === found.frontier;
  }

  /** Resolves with the commit after which it is so. */
  async #once(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    const { events$ } = this.connection.runtime;
    const commits = events$.pipe(filter(({ type }) => type === 'commit.succeeded' && isSo()));
    await firstValueFrom(commits, { defaultValue: undefined });
  }
}
