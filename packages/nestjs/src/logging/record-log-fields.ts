import type { Delivery, RecordHeaders } from '@kafka-worker/engine';
import { displayKey, type KeyDisplay } from '../instrumentation/record-key.js';

/** What a log line says of the record that it is about. Nothing of its payload. */
export interface RecordLogFields {
  /** Id of the worker: `Class#method`. */
  readonly worker: string;
  readonly group: string;
  /** Where the record stands: a retry topic, where it came through one. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** As `KafkaLogContextOptions.key` has it; left out where there is no key, or none that can be shown. */
  readonly key?: string;
  /** 1 for the first attempt under this assignment. */
  readonly attempt: number;
  /**
   * The trace that the attempt belongs to: as an instrumentation says (`KafkaTracingInterceptor`), else as the record's
   * own `traceparent` does. 32 hexadecimal digits.
   */
  readonly traceId?: string;
}

/** @internal */
export function fieldsOf(delivery: Delivery, attempt: number, display: KeyDisplay): RecordLogFields {
  const { record, worker, groupId } = delivery;
  const key = displayKey(record.key, display);
  const traceId = delivery.traceId ?? sentIn(record.headers);
  return {
    worker,
    group: groupId,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    ...(key !== undefined && { key }),
    attempt,
    ...(traceId !== undefined && { traceId }),
  };
}

/** The trace that a record names itself, as the W3C has it: version, trace, span, flags. */
function sentIn({ traceparent }: RecordHeaders): string | undefined {
  const value = Array.isArray(traceparent) ? traceparent.at(-1) : traceparent;
  const [, traceId] = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-/.exec(value?.toString() ?? '') ?? [];
  return traceId;
}
