import type { Delivery } from '../delivery/delivery.js';
import type { OutgoingRecord } from '../driver/driver.js';
import type { TopicPartition } from '../driver/record.js';
import type { EngineEvent } from '../events/events.js';
import type { EngineStats } from './engine-stats.js';

/**
 * What looks on while workers work: traces, metrics, log contexts. Every part is optional, and an engine without any
 * instrumentation does nothing for it. What an instrumentation throws is not caught: it stands in the way of every
 * record, so it must not throw, and must not wait.
 */
export interface WorkerInstrumentation {
  /** The engine has been started; `engine` can be asked from now on. Called once for each engine. */
  attached?(engine: InstrumentedEngine): void;
  /** The engine has stopped; what was learned of it may be kept, it changes no more. */
  detached?(engine: InstrumentedEngine): void;
  /**
   * An attempt begins, before its handler is called.
   * @param batch what `batch` gave for the batch that the record was taken with
   * @returns what stands around it, or undefined where nothing has to.
   */
  attempt?(delivery: Delivery, batch: BatchScope | undefined): AttemptScope | undefined;
  /**
   * An attempt is over, whatever became of it: its handler has settled, or was given up (`HANDLER_TIMEOUT`).
   * @param durationMs since its start. Milliseconds.
   * @param error what it failed with; undefined: it has not
   */
  attemptEnded?(delivery: Delivery, durationMs: number, error: Error | undefined): void;
  /** Records were taken from the client into their lanes, before the first of them is started. */
  batch?(batch: TakenBatch): BatchScope | undefined;
  /**
   * Records are about to be sent: by the injected producer, or as copies of failed ones.
   * @param during what `attempt` gave for the attempt whose copies they are; undefined for what others send
   */
  sending?(records: readonly OutgoingRecord[], during: AttemptScope | undefined): SendScope | undefined;
  /** Everything the engine tells, but `record.settled` of records that are done. */
  event?(event: EngineEvent): void;
}

/** What stands around one attempt. */
export interface AttemptScope {
  /** Who made it, for one that wants it back in `sending`. */
  readonly by?: WorkerInstrumentation;
  /** Calls `handle` once, in this very call, and gives back what it gives. Left out: nothing stands around the call. */
  run?(handle: () => unknown): unknown;
  /**
   * Calls `work` once, in this very call, and gives back what it gives: what the handler's result sets off when `run`
   * has long returned. The Observable that Nest makes of a handler with interceptors is one that has not begun. Left out:
   * called as it is.
   */
  resume?(work: () => unknown): unknown;
  /** See `WorkerInstrumentation.attemptEnded`: the same for this attempt alone. */
  ended?(error: Error | undefined): void;
  /** The trace that the attempt belongs to. 32 hexadecimal digits. */
  readonly traceId?: string | undefined;
}

/** Consecutive records of a partition that were taken in one go. */
export interface TakenBatch extends TopicPartition {
  readonly worker: string;
  readonly groupId: string;
  readonly firstOffset: number;
  /** How many will be handled. */
  readonly count: number;
}

/** What is told of a batch. */
export interface BatchScope {
  /** The last of its records was settled, or its partition has gone. */
  ended(): void;
}

/** What is told of records on their way to the broker. */
export interface SendScope {
  /** What is sent in their place, the same number in the same order: with headers added. */
  readonly records: readonly OutgoingRecord[];
  /** The broker has all of them, or it is known that they were not sent. */
  ended(error: Error | undefined): void;
}

/** What an instrumentation can ask an engine. */
export interface InstrumentedEngine {
  /** Figures of this moment. O(partitions and topics). */
  stats(): EngineStats;
}
