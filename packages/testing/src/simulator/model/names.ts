import { RETRY_DELAYS_MS, retryTopic } from '../scenario/scenario.js';

/** How a partition of a group is named in maps. */
export function keyOf(group: number, topic: number, partition: number): string {
  return `${group}/${topic}/${partition}`;
}

/** `t3`, `g3`, `w3`: 3; for a retry topic its number. */
export function numberOf(name: string): number {
  const retry = /^t(\d+)\.g(\d+)\.retry-(\d+)$/.exec(name);
  if (retry === null) return Number(name.slice(1));
  return retryTopic(Number(retry[1]), Number(retry[2]), RETRY_DELAYS_MS.indexOf(Number(retry[3])));
}
