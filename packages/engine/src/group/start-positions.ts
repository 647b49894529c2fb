import type { CommittedOffset, DriverConsumer, LogRange } from '../driver/driver.js';
import type { TopicPartition } from '../driver/record.js';
import { partitionKey } from '../driver/record.js';
import { decodeDoneMap } from '../offsets/done-map.js';
import { appendRange, type OffsetRange } from '../offsets/ranges.js';
import type { StoredOffset } from './partition-assignment.js';
import type { StartPolicy } from '../options/engine-options.js';
import type { StorePosition } from '../stores/transactional-store.js';

/** Where a newly assigned partition starts, and what was odd about it. */
export interface StartDecision extends TopicPartition {
  readonly offset: number;
  readonly restored: readonly OffsetRange[];
  readonly committed: number | undefined;
  /** As the group has it stored. */
  readonly found: StoredOffset;
  readonly range: LogRange;
  /** The stored map was refused: why. */
  readonly mapDropped?: string;
  /** The stored offset is outside of the log: why, and where it goes on instead. */
  readonly reset?: { readonly from: number; readonly reason: string };
  /** It does not go on: why. */
  readonly held?: string;
}

/** How a partition is to start where nothing is stored, or what is stored is no use. */
export interface StartRules {
  readonly startFrom: StartPolicy;
  /** See `EngineOptions.maxRewind`. */
  readonly maxRewind: number;
  /** `exactlyOnce`: what the store says; it comes before what the group has committed. */
  readonly stored?: StorePosition | undefined;
}

/** Reads what the group has stored for these partitions and decides where each starts. */
export async function startPositions(
  consumer: Pick<DriverConsumer, 'committed' | 'logRanges'>,
  partitions: readonly TopicPartition[],
  rulesOf: (partition: TopicPartition) => StartRules,
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
      rulesOf({ topic, partition }),
    );
  });
}

/**
 * A stored offset outside of the log is never followed blindly: below it retention has removed records, above it the
 * topic was made anew or cut. Either way the partition starts inside the log, and the decision says so; where that would
 * repeat very much, or settle by a store what it has never seen, it does not start at all.
 */
export function decideStart(committed: CommittedOffset, range: LogRange, rules: StartRules): StartDecision {
  const { topic, partition } = committed;
  const found = { offset: committed.offset, metadata: committed.metadata };
  const fresh = { topic, partition, range, found, restored: [] };
  const offset = rules.stored?.offset ?? committed.offset;
  if (offset === undefined) {
    const start = { ...fresh, committed: undefined, offset: rules.startFrom === 'latest' ? range.high : range.low };
    return rules.startFrom === 'none'
      ? { ...start, held: "the group has no offset here, and startFrom is 'none': seek to where it is to begin" }
      : start;
  }
  if (offset > range.high) return behindTheEnd(fresh, offset, rules);
  const start = Math.max(offset, range.low);
  const reset =
    start > offset ? { reset: { from: offset, reason: `retention has removed everything below ${start}` } } : {};
  if (rules.stored !== undefined) {
    const restored: OffsetRange[] = [];
    // a store may give them record by record: the tracker wants neighbours joined
    for (const { from, to } of rules.stored.done) if (to > start) appendRange(restored, Math.max(from, start), to);
    return { ...fresh, committed: committed.offset, offset: start, restored, ...reset };
  }
  const map = decodeDoneMap(committed.metadata, offset, range.high);
  return {
    ...fresh,
    committed: offset,
    offset: start,
    restored: map.ok ? map.ranges.filter((done) => done.to > start) : [],
    ...(map.ok ? {} : { mapDropped: map.reason }),
    ...reset,
  };
}

type Fresh = Pick<StartDecision, 'topic' | 'partition' | 'range' | 'found' | 'restored'>;

function behindTheEnd(fresh: Fresh, offset: number, { startFrom, maxRewind, stored }: StartRules): StartDecision {
  const { low, high } = fresh.range;
  const reason = `the log ends at ${high}: the topic was cut or made anew`;
  const to = startFrom === 'latest' ? high : low;
  const start = { ...fresh, committed: undefined, offset: to };
  if (stored !== undefined) {
    const held = `the store is at ${offset}, ${reason}; take its rows away, or what it says is done would be passed over`;
    return { ...start, held };
  }
  if (high - to > maxRewind) {
    const held = `the group is at ${offset}, ${reason}; to begin again at ${to} would repeat ${high - to} records, more than maxRewind ${maxRewind}: seek to where it is to go on`;
    return { ...start, held };
  }
  return { ...start, reset: { from: offset, reason } };
}
