import type { CommittedOffset, DriverConsumer, LogRange } from '../driver/driver.js';
import type { TopicPartition } from '../driver/record.js';
import { partitionKey } from '../driver/record.js';
import { decodeDoneMap } from '../offsets/done-map.js';
import type { OffsetRange } from '../offsets/ranges.js';

/** Where a newly assigned partition starts, and what was odd about it. */
export interface StartDecision extends TopicPartition {
  readonly offset: number;
  readonly restored: readonly OffsetRange[];
  readonly committed: number | undefined;
  readonly range: LogRange;
  /** The stored map was refused: why. */
  readonly mapDropped?: string;
  /** The stored offset is outside of the log: why, and where it goes on instead. */
  readonly reset?: { readonly from: number; readonly reason: string };
}

/** Reads what the group has stored for these partitions and decides where each starts. */
export async function startPositions(
  consumer: Pick<DriverConsumer, 'committed' | 'logRanges'>,
  partitions: readonly TopicPartition[],
  fromBeginning: boolean,
): Promise<StartDecision[]> {
  if (partitions.length === 0) return [];
  const [stored, ranges] = await Promise.all([consumer.committed(partitions), consumer.logRanges(partitions)]);
  const storedOf = new Map(stored.map((entry) => [partitionKey(entry.topic, entry.partition), entry]));
  const rangeOf = new Map(ranges.map((entry) => [partitionKey(entry.topic, entry.partition), entry]));
  return partitions.map(({ topic, partition }) => {
    const key = partitionKey(topic, partition);
    const range = rangeOf.get(key) ?? { topic, partition, low: 0, high: 0 };
    return decideStart(
      storedOf.get(key) ?? { topic, partition, offset: undefined, metadata: '' },
      range,
      fromBeginning,
    );
  });
}

/**
 * A stored offset outside of the log is never followed blindly: below it retention has removed records, above it the
 * topic was made anew or cut. Either way the partition starts inside the log, and the decision says so.
 */
export function decideStart(stored: CommittedOffset, range: LogRange, fromBeginning: boolean): StartDecision {
  const { topic, partition, offset } = stored;
  const fresh = { topic, partition, range, restored: [] };
  if (offset === undefined) return { ...fresh, committed: undefined, offset: fromBeginning ? range.low : range.high };
  if (offset > range.high) {
    return {
      ...fresh,
      committed: undefined,
      offset: fromBeginning ? range.low : range.high,
      reset: { from: offset, reason: `the log ends at ${range.high}: the topic was cut or made anew` },
    };
  }
  const map = decodeDoneMap(stored.metadata, offset, range.high);
  const start = Math.max(offset, range.low);
  return {
    ...fresh,
    committed: offset,
    offset: start,
    restored: map.ok ? map.ranges.filter((done) => done.to > start) : [],
    ...(map.ok ? {} : { mapDropped: map.reason }),
    ...(start > offset ? { reset: { from: offset, reason: `retention has removed everything below ${start}` } } : {}),
  };
}
