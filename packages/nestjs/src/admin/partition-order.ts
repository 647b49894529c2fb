import type { TopicPartition } from '@kafka-worker/engine';

/** By topic and number, whatever order they came in. @internal */
export function inOrder<T extends TopicPartition>(partitions: readonly T[]): T[] {
  return [...partitions].sort((a, b) => compareText(a.topic, b.topic) || a.partition - b.partition);
}

/** By code units, so that the order is the same everywhere. @internal */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
