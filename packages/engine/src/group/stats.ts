import type { EngineStats, PartitionStats, TopicStats } from '../instrumentation/engine-stats.js';
import type { Worker } from '../worker.js';
import type { GroupMember } from './member.js';
import type { PartitionAssignment } from './partition-assignment.js';

/** Figures of all members at this moment. O(partitions and topics). */
export function statsOf(members: readonly GroupMember[], now: number): EngineStats {
  return {
    topics: members.flatMap(({ workers }) => workers.flatMap(topicStats)),
    partitions: members.flatMap(({ partitions }) => partitions.map((partition) => partitionStats(partition, now))),
  };
}

function topicStats({ id, groupId, counts }: Worker): TopicStats[] {
  return [...counts].map(([topic, { dispositions, retries, redeliveredDone }]) => ({
    worker: id,
    groupId,
    topic,
    dispositions: { ...dispositions },
    retries,
    redeliveredDone,
  }));
}

function partitionStats(partition: PartitionAssignment, now: number): PartitionStats {
  const { worker, tracker, since, topic, partition: number } = partition;
  const { first } = tracker;
  return {
    worker: worker.id,
    groupId: worker.groupId,
    topic,
    partition: number,
    running: partition.running,
    buffered: partition.buffered,
    bufferedBytes: partition.bufferedBytes,
    lanes: partition.lanes.count,
    lag: Math.max(0, partition.highWatermark - tracker.frontier),
    oldestUnsettledMs: first === undefined ? 0 : Math.max(0, now - since - first.takenAt),
    frozen: partition.standing.size + (partition.stoppedSince === undefined ? 0 : 1),
    paused: partition.paused || worker.paused,
    mapChars: partition.mapChars,
  };
}
