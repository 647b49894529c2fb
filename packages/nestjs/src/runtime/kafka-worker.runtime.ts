import {
  KafkaWorkerError,
  type EngineEvent,
  type EngineSnapshot,
  type EngineState,
  type EngineStats,
  type Target,
  type TopicPartition,
  type WorkerEngine,
  type WorkerInstrumentation,
} from '@kafka-worker/engine';
import type { Observable } from 'rxjs';

/** A worker as it was started. */
export interface KafkaWorkerInfo {
  /** `Class#method`. */
  readonly id: string;
  readonly groupId: string;
  readonly topics: readonly (string | RegExp)[];
  /** Who calls it: Nest's strategy handler, or the one found by discovery. */
  readonly via: 'strategy' | 'discovery';
}

/** What the runtime shows and steers. @internal */
export interface RuntimeOwner {
  readonly engine: WorkerEngine | undefined;
  readonly events$: Observable<EngineEvent>;
  readonly workers: readonly KafkaWorkerInfo[];
  readonly state: EngineState;
  readonly driverName: string;
  readonly maxConcurrency: number | undefined;
  readonly given: readonly WorkerInstrumentation[];
  drain(): Promise<void>;
}

/** A connection while it runs: what `@InjectKafkaWorker()` injects. */
export class KafkaWorkerRuntime {
  readonly #owner: RuntimeOwner;

  /** @internal */
  constructor(owner: RuntimeOwner) {
    this.#owner = owner;
  }

  /** `INITIALIZED` until the start, `RUNNING`, `DRAINING` from the first line of the shutdown, `STOPPED`. */
  get state(): EngineState {
    return this.#owner.state;
  }

  /** Everything the engine tells, from subscription on. Completes when the connection has stopped. */
  get events$(): Observable<EngineEvent> {
    return this.#owner.events$;
  }

  /** The workers of this connection; empty before the start. */
  get workers(): readonly KafkaWorkerInfo[] {
    return this.#owner.workers;
  }

  /** Groups, partitions, what holds each frontier and why something stands still: plain data, no connection opened. */
  inspect(): EngineSnapshot {
    const { engine, state, driverName, maxConcurrency } = this.#owner;
    return engine?.inspect() ?? { state, driver: driverName, running: 0, maxConcurrency, groups: [] };
  }

  /** What the module's option `instrumentation` names. */
  get instrumentation(): readonly WorkerInstrumentation[] {
    return this.#owner.given;
  }

  /**
   * Lets something look on from now on, as far as that is possible while workers run: `attached`, `event` and `detached`
   * are called; attempts, batches and sends are for those that stand in the module's option `instrumentation`.
   * @throws KafkaWorkerError NOT_RUNNING.
   */
  instrument(instrumentation: Pick<WorkerInstrumentation, 'attached' | 'event' | 'detached'>): void {
    const engine = this.#engine();
    const end = engine.on(
      (event) => {
        instrumentation.event?.(event);
        if (event.type !== 'engine.state' || event.state !== 'STOPPED') return;
        end();
        instrumentation.detached?.(engine);
      },
      { done: false },
    );
    instrumentation.attached?.(engine);
  }

  /** Figures for metrics: counts since the start and what each partition holds. O(partitions and topics). */
  stats(): EngineStats {
    return this.#owner.engine?.stats() ?? { topics: [], partitions: [] };
  }

  /** Nothing new starts for the target; what runs finishes. @throws KafkaWorkerError UNKNOWN_TARGET, NOT_RUNNING. */
  pause(target?: Target): void {
    this.#engine().pause(target);
  }

  /** Ends every pause of the target. @throws KafkaWorkerError UNKNOWN_TARGET, NOT_RUNNING. */
  resume(target?: Target): void {
    this.#engine().resume(target);
  }

  /**
   * Commits what is settled now, of every partition of the target: for `commit: 'manual'` from outside a handler, or to
   * be sure of it earlier than the cadence would.
   * @throws CommitError when the broker does not acknowledge it; KafkaWorkerError UNKNOWN_TARGET, NOT_RUNNING, or
   * NOT_TRANSACTIONAL where a worker of the target commits in transactions, or with `commit: 'none'`.
   */
  async commit(target?: Target): Promise<void> {
    await this.#engine().commit(target);
  }

  /**
   * Goes on at another offset of a partition, and commits it.
   * @throws KafkaWorkerError UNKNOWN_TARGET, NOT_RUNNING, or NOT_TRANSACTIONAL with `exactlyOnce(store)`, whose store says
   * where to go on.
   */
  async seek(target: Target & TopicPartition, offset: number): Promise<void> {
    await this.#engine().seek(target, offset);
  }

  /** Settles the record that holds a partition's frontier as `skipped`. @throws KafkaWorkerError UNKNOWN_TARGET, NOT_RUNNING. */
  skip(target: Target & TopicPartition): void {
    this.#engine().skip(target);
  }

  /**
   * Nothing new starts in these partitions until `unfreeze`, also where `resume` is called meanwhile; what runs finishes.
   * For what this process holds now, until it is handed over. @throws KafkaWorkerError UNKNOWN_TARGET, NOT_RUNNING.
   */
  freeze(target?: Target): void {
    this.#engine().freeze(target);
  }

  /**
   * Changes how many handlers of these workers run at once in this process, until it ends; what runs above it finishes.
   * @param limit whole number of 1 or more; 1 with `'serial'`
   * @throws KafkaWorkerError UNKNOWN_TARGET, NOT_RUNNING; ConfigurationError
   */
  setLimit(target: Pick<Target, 'groupId' | 'worker'>, limit: number): void {
    this.#engine().setLimit(target, limit);
  }

  /** Ends a freeze: the record is tried again or, with `skip`, passed. @throws KafkaWorkerError UNKNOWN_TARGET, NOT_RUNNING. */
  unfreeze(target?: Target, options?: { readonly skip?: boolean }): void {
    this.#engine().unfreeze(target, options);
  }

  /** Ends the connection's work: what runs finishes, is committed, the groups are left. One promise, never rejects. */
  drain(): Promise<void> {
    return this.#owner.drain();
  }

  #engine(): WorkerEngine {
    const { engine } = this.#owner;
    if (!engine) throw new KafkaWorkerError('NOT_RUNNING', 'the workers have not been started');
    return engine;
  }
}
