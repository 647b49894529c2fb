import {
  decodeDoneMap,
  type CommittedOffset,
  type DriverAdmin,
  type LogRange,
  type TopicPartition,
} from '@kafka-worker/engine';
import { replayGroupId } from '../groups.js';
import { ReplayedSet } from './replayed-set.js';

/** What a group has stored about the replays of one partition. */
export interface StoredReplays {
  readonly replayed: ReplayedSet;
  /** The map above the offset says nothing that can be believed: why. */
  readonly unreadable?: string;
}

/**
 * Reads back what was replayed. An offset beyond the log belongs to an older topic of the same name, and counts as
 * nothing; below the log there is nothing to replay.
 */
export function readStored({ offset, metadata }: CommittedOffset, { low, high }: LogRange): StoredReplays {
  if (offset === undefined || offset > high) return { replayed: new ReplayedSet(low) };
  const map = decodeDoneMap(metadata, offset, high);
  const replayed = new ReplayedSet(offset);
  if (map.ok) for (const { from, to } of map.ranges) replayed.add(from, to);
  if (low > offset) replayed.add(offset, low);
  return map.ok ? { replayed } : { replayed, unreadable: map.reason };
}

/** What has been replayed of each partition, in the order of the ranges. */
export async function storedReplays(
  admin: Pick<DriverAdmin, 'committed'>,
  topic: string,
  ranges: readonly LogRange[],
): Promise<StoredReplays[]> {
  const stored = await admin.committed(replayGroupId(topic), [topic]);
  return ranges.map((range) => readStored(storedFor(stored, range), range));
}

/** What is stored for a partition, also where nothing is. */
export function storedFor(stored: readonly CommittedOffset[], { topic, partition }: TopicPartition): CommittedOffset {
  return (
    stored.find((entry) => entry.topic === topic && entry.partition === partition) ?? {
      topic,
      partition,
      offset: undefined,
      metadata: '',
    }
  );
}
