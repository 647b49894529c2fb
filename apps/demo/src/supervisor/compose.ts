import type { EngineSnapshot, PartitionSnapshot } from '@kafka-worker/nestjs';
import type { PartitionEnds } from '../ledger/topic-ledger.js';
import type { MemberState, MemberView, PartitionView, WorkerView } from '../view/view-state.js';

/** What is known of a member, as far as the view needs it. */
export interface MemberSource {
  readonly number: number;
  readonly pid: number;
  readonly snapshot: EngineSnapshot | undefined;
  readonly http: string | undefined;
  readonly end: { readonly code: number | null; readonly signal: string | null } | undefined;
  readonly endedAt: number | undefined;
}

/** A topic, and what the supervisor knows of it. */
export interface TopicSource {
  readonly topic: string;
  readonly name: string;
  readonly ends: readonly PartitionEnds[];
  readonly rate: number;
}

/** A member as a line of the view. */
export function composeMember(member: MemberSource, now: number): MemberView {
  const group = member.snapshot?.groups[0];
  return {
    number: member.number,
    pid: member.pid,
    state: stateOf(member),
    ...(member.endedAt === undefined ? {} : { endedAgoMs: now - member.endedAt }),
    generation: group?.generation ?? -1,
    partitions: group?.partitions.length ?? 0,
    running: member.snapshot?.running ?? 0,
    ...(member.http === undefined ? {} : { http: member.http }),
  };
}

/** A worker over all members that live; partitions that nobody owns are shown as the cluster knows them. */
export function composeWorker(source: TopicSource, members: readonly MemberSource[]): WorkerView {
  let [running, limit, concurrency] = [0, 0, ''];
  const owned = new Map<number, PartitionView>();
  for (const member of members) {
    if (member.end !== undefined) continue;
    for (const group of member.snapshot?.groups ?? []) {
      const worker = group.workers.find(({ topics }) => topics.includes(source.topic));
      running += worker?.running ?? 0;
      limit += worker?.limit ?? 0;
      concurrency ||= worker?.concurrency ?? '';
      for (const partition of group.partitions) {
        if (partition.topic === source.topic)
          owned.set(partition.partition, composePartition(partition, member.number));
      }
    }
  }
  const partitions = source.ends.map(({ partition, committed, end }): PartitionView => {
    const view = owned.get(partition);
    // The cluster's lag is what is not committed; the owner knows better.
    return view ?? { ...UNOWNED, partition, lag: end - committed, committed, frontier: committed };
  });
  const lag = partitions.reduce((sum, partition) => sum + partition.lag, 0);
  return { name: source.name, concurrency, running, limit, lag, rate: source.rate, partitions };
}

const UNOWNED = { buffered: 0, lanes: 0, running: [], waiting: 0, paused: false, draining: false, frozen: [] };

function composePartition(partition: PartitionSnapshot, owner: number): PartitionView {
  const { lag, buffered, lanes, committed = 0, frontier, waiting, paused, draining } = partition;
  return {
    partition: partition.partition,
    owner,
    lag,
    buffered,
    lanes,
    committed,
    frontier,
    running: partition.runningRecords.map(({ key, attempt, ageMs }) => ({ key: key ?? '(no key)', attempt, ageMs })),
    waiting,
    paused,
    draining,
    frozen: partition.frozen.map(({ scope, key, offset, error }) => {
      const what = scope === 'key' ? `key ${key ?? '(none)'}` : 'partition';
      return `${what} at ${offset}, ${error}`;
    }),
  };
}

function stateOf({ snapshot, end }: MemberSource): MemberState {
  if (end?.signal) return 'killed';
  if (end) return end.code === 0 ? 'left' : 'failed';
  if (snapshot === undefined || snapshot.state === 'INITIALIZED') return 'starting';
  if (snapshot.state === 'DRAINING') return 'draining';
  return snapshot.state === 'STOPPED' ? 'stopped' : (snapshot.groups[0]?.state ?? 'starting');
}
