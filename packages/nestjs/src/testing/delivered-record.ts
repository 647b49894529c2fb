import type { Disposition, TopicPartition } from '@kafka-worker/engine';
import type { ProducedRecord } from './produced-record.js';

/** Where a record stands. */
export interface RecordPosition extends TopicPartition {
  readonly offset: number;
}

/** What became of a record in one group. */
export interface DeliveryOutcome {
  readonly groupId: string;
  /** Id of the worker, `Class#method`; empty where none has seen the record. */
  readonly worker: string;
  readonly disposition: Disposition;
  /** Where its copy stands: dead letters and retry topics. `settled(to)` says what becomes of a record in a retry topic. */
  readonly to: RecordPosition | undefined;
  /** Attempts made, those that ended in `RetryLaterError` included. */
  readonly attempts: number;
  /** What the last failed attempt ended with, the very object that was thrown; undefined where none failed. */
  readonly error: Error | undefined;
  /** Those of all failed attempts, the first one first. */
  readonly errors: readonly Error[];
  /** What its handlers have sent, replies included. */
  readonly produced: readonly ProducedRecord[];
  /** From the delivery until it was settled or frozen. Milliseconds of the test's clock. */
  readonly durationMs: number;
}

/** What became of a delivered record, in every group that reads its topic. With one group that is the group's outcome. */
export class DeliveredRecord {
  /** Where it stands. */
  readonly record: RecordPosition;
  /** `done` where it is done in every group; else that of the first group where it is something else. */
  readonly disposition: Disposition;
  /** That of the group whose disposition this is. See {@link DeliveryOutcome.to}. */
  readonly to: RecordPosition | undefined;
  /** The most that any group has made. See {@link DeliveryOutcome.attempts}. */
  readonly attempts: number;
  /** That of the group whose disposition this is. See {@link DeliveryOutcome.error}. */
  readonly error: Error | undefined;
  /** Those of the group whose disposition this is. */
  readonly errors: readonly Error[];
  /** What the handlers of all groups have sent for it. */
  readonly produced: readonly ProducedRecord[];
  /** That of the slowest group. Milliseconds of the test's clock. */
  readonly durationMs: number;

  /** @internal */
  constructor(
    { topic, partition, offset }: RecordPosition,
    /** One per group. */
    readonly outcomes: readonly [DeliveryOutcome, ...DeliveryOutcome[]],
  ) {
    const telling = outcomes.find(({ disposition }) => disposition !== 'done') ?? outcomes[0];
    this.record = { topic, partition, offset };
    this.disposition = telling.disposition;
    this.to = telling.to;
    this.attempts = Math.max(...outcomes.map(({ attempts }) => attempts));
    this.error = telling.error;
    this.errors = telling.errors;
    this.produced = outcomes.flatMap(({ produced }) => produced);
    this.durationMs = Math.max(...outcomes.map(({ durationMs }) => durationMs));
  }

  /** What became of it in one group. @throws Error where that group does not read the topic. */
  in(groupId: string): DeliveryOutcome {
    const found = this.outcomes.find((outcome) => outcome.groupId === groupId);
    if (found) return found;
    const groups = this.outcomes.map((outcome) => `'${outcome.groupId}'`).join(', ');
    throw new Error(
      `group '${groupId}' does not read '${this.record.topic}'; ${groups} ${this.outcomes.length > 1 ? 'do' : 'does'}`,
    );
  }
}
