import { listGroupId, secondListGroupId } from '../groups.js';
import type { BoundedReader } from './bounded-reader.js';
import { joinReader, type JoinOptions } from './join-reader.js';

/**
 * A reader that holds every partition and changes nothing. Where somebody else reads with the same group at this
 * moment, it steps aside and reads with a group of its own.
 * @param partitions how many the topic has
 * @throws as {@link joinReader}
 */
export async function listReader(options: JoinOptions, partitions: number): Promise<BoundedReader> {
  const reader = await joinReader(options, listGroupId(options.topic));
  if (options.signal?.aborted || reader.readings.length >= partitions) return reader;
  // Who was here before gets its partitions back, and nobody waits for anybody.
  await reader.stop();
  return joinReader(options, secondListGroupId(options.topic));
}
