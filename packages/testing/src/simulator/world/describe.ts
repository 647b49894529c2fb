import { type EngineEvent, type OffsetCommit, partitionKey } from '@kafka-worker/engine';
import { readStoredMap } from '../model/stored-map.js';
import type { HandlerPlan } from './handler.js';

/** `t0/1 t0/2`. */
export function names(partitions: readonly { topic: string; partition: number }[]): string {
  return partitions.map(({ topic, partition }) => partitionKey(topic, partition)).join(' ') || 'nothing';
}

/** `t0/1:5+7-8`: offset 5, and 7 and 8 are done above it. */
export function describeCommits(offsets: readonly OffsetCommit[]): string {
  return offsets
    .map(({ topic, partition, offset, metadata }) => {
      const done = (readStoredMap(metadata, offset) ?? []).map(({ from, to }) => `${from}-${to - 1}`).join(',');
      return `${partitionKey(topic, partition)}:${offset}${done === '' ? '' : `+${done}`}`;
    })
    .join(' ');
}

/** What a handler is about to do. */
export function describePlan({ pace, ms, end, deaf, commits }: HandlerPlan): string {
  const time = pace === 'slow' ? `${ms} ms` : pace;
  return `${time}, ${end}${deaf ? ', deaf' : ''}${commits ? ', commits' : ''}`;
}

/** Everything that an event holds. */
export function describeEvent(event: EngineEvent): string {
  const { type, ...rest } = event;
  const parts = Object.entries(rest).map(
    ([name, value]) => `${name} ${value instanceof Error ? value.message : JSON.stringify(value)}`,
  );
  return `${type} ${parts.join(', ')}`;
}
