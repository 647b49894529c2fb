import type { OffsetCommit } from '@kafka-worker/engine';
import type { Topics } from '../log/topics.js';

/** A broker stores no more metadata than this with an offset. Characters, not bytes. */
export const MAX_METADATA_CHARACTERS = 4096;

/** Why one offset of a commit cannot be stored; undefined: it can. */
export function checkOffset(
  topics: Topics,
  { topic, partition, metadata }: OffsetCommit,
): { readonly type: 'OFFSET_METADATA_TOO_LARGE' | 'UNKNOWN_TOPIC_OR_PARTITION'; readonly message: string } | undefined {
  const where = `${topic}/${partition}`;
  if (!topics.find(topic)?.partitions[partition]) return { type: 'UNKNOWN_TOPIC_OR_PARTITION', message: where };
  if (metadata.length <= MAX_METADATA_CHARACTERS) return undefined;
  return { type: 'OFFSET_METADATA_TOO_LARGE', message: `${where}: ${metadata.length} characters` };
}
