import { KafkaWorkerError, type DriverAdmin, type LogRange } from '@kafka-worker/engine';
import type { DeadLetterFilter } from '../letters/filter.js';
import type { ReadSpan } from './bounded-reader.js';

/**
 * The readable ranges of a topic now, in the order of its partitions.
 * @throws KafkaWorkerError TOPIC_MISSING, CONNECTION
 */
export async function topicEnds(admin: DriverAdmin, topic: string): Promise<readonly LogRange[]> {
  const partitions = await admin.partitions([topic]);
  if (!partitions.has(topic)) throw new KafkaWorkerError('TOPIC_MISSING', `no such topic: ${topic}`);
  return admin.logRanges(topic);
}

/** The part of a partition in which something can match. `from` lies in the log, even where nothing can. */
export function spanOf(
  { topic, partition, low, high }: LogRange,
  end: number,
  { partition: only = partition, offsets = {} }: DeadLetterFilter,
): ReadSpan {
  if (only !== partition) return { topic, partition, from: high, to: high };
  const from = Math.min(high, Math.max(low, offsets.from ?? 0));
  return { topic, partition, from, to: Math.min(end, (offsets.to ?? Infinity) + 1) };
}
