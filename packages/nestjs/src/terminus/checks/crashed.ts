import type { GroupSnapshot, TopicPartition } from '@kafka-worker/engine';
import type { LivenessCause } from '../causes.js';
import type { ConnectionView } from '../connection-view.js';

type Crashed = Extract<LivenessCause, { cause: 'crashed' }>;
type Disowned = Extract<LivenessCause, { cause: 'disowned' }>;

/** A crash nobody was there to hear is one for good: what restarts tells of it again. */
export function crashed(view: ConnectionView, { groupId, error = 'crashed' }: GroupSnapshot): Crashed {
  const { willRestart, at } = view.crashOf(groupId) ?? { willRestart: false, at: view.now };
  const { connection } = view;
  return { cause: 'crashed', connection, groupId, error, willRestart, ageMs: view.now - at };
}

/** What of a group is owned by belief only, while its client says that it is joined. */
export function disowned(view: ConnectionView, group: GroupSnapshot): Disowned[] {
  const { groupId, memberId, disowned: partitions = [], state } = group;
  if (state !== 'joined' || partitions.length === 0) return [];
  return [{ cause: 'disowned', connection: view.connection, groupId, memberId, partitions: partitions.map(plain) }];
}

function plain({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
