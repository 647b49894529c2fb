import type { OutgoingRecord } from '../driver/driver.js';
import type { KafkaRecord, RecordHeaders } from '../driver/record.js';
import type { RecordOrigin } from './delivery.js';
import type { DeadLetterPolicy, Failure } from './failure-policy.js';
import { failureHeaders, ORIGIN_HEADERS, withoutOriginHeaders } from './origin-headers.js';

/** What a copy of a record is made from. */
export interface CopyOf {
  readonly record: KafkaRecord;
  /** Where it came through a retry topic. */
  readonly origin: RecordOrigin | undefined;
  readonly failure: Failure;
  /** Milliseconds since the epoch. */
  readonly firstFailedAt: number;
  /** Partitions of the topic that it goes to. */
  readonly partitions: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A dead letter: the record's bytes, and headers that say where it came from. */
export function deadLetterOf(of: CopyOf, policy: DeadLetterPolicy): OutgoingRecord {
  const { record } = of;
  return {
    ...copy(of, policy.topic),
    headers: {
      ...ask(() => policy.headers?.(record, of.failure)),
      // what an earlier copy said of an earlier failure is not to be taken for this one's
      ...withoutOriginHeaders(record.headers),
      ...failureHeaders(record, { ...of, include: policy.include }),
    },
  };
}

/** A record for a retry topic: as a dead letter, with when it is due. No texts of the error: it may yet be handled. */
export function retryCopyOf(of: CopyOf, topic: string, delayMs: number, delaysUsed: number): OutgoingRecord {
  const { record, now } = of;
  return {
    ...copy(of, topic),
    headers: {
      ...withoutOriginHeaders(record.headers),
      ...failureHeaders(record, { ...of, include: { message: false, stack: false } }),
      [ORIGIN_HEADERS.dueAt]: String(now + delayMs),
      [ORIGIN_HEADERS.delaysUsed]: String(delaysUsed),
    },
  };
}

/** The same partition for all of a source partition, so that they keep their order. */
function copy({ record, origin, partitions }: CopyOf, topic: string): OutgoingRecord {
  const partition = (origin ?? record).partition % Math.max(1, partitions);
  return { topic, partition, key: record.key, value: record.value };
}

function ask(question: () => RecordHeaders | undefined): RecordHeaders | undefined {
  try {
    return question();
  } catch {
    return undefined; // see DeadLetterOptions.headers
  }
}
