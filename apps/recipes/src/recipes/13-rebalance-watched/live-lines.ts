import type { TopicPartition } from '@kafka-worker/nestjs';
import type { JournalEvent } from '../../harness/journal-events.js';

/** What a rebalance's spectator wants to see of an event; undefined: nothing. */
export function line(member: string, event: JournalEvent): string | undefined {
  if (event.type !== 'engine') return undefined;
  const told = event.event;
  if (told.type === 'group.rebalanced') {
    return `${member}  has [${list([...told.kept, ...told.assigned])}], gave up [${list(told.revoked)}]`;
  }
  if (told.type === 'drain.started') return `${member}  is asked to let go, ${told.running} handlers running`;
  if (told.type === 'drain.finished') {
    return `${member}  lets go after ${Math.round(told.durationMs)} ms: ${told.finished} finished, ${told.left} not`;
  }
  return undefined;
}

function list(partitions: readonly TopicPartition[]): string {
  return partitions
    .map(({ partition }) => partition)
    .sort((a, b) => a - b)
    .join(' ');
}
