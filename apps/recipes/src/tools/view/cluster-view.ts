import type { DriverAdmin, GroupDescription } from '@kafka-worker/engine';

/** A topic as the viewer shows it. */
export interface TopicView {
  readonly topic: string;
  /** End of each partition's log. */
  readonly ends: readonly number[];
  /** Records that can still be read, gaps counted. */
  readonly records: number;
}

/** A group on one topic as the viewer shows it. */
export interface GroupView {
  readonly groupId: string;
  readonly state: string;
  readonly topic: string;
  readonly lag: number;
  readonly partitions: readonly GroupPartitionView[];
}

/** One partition of a group. */
export interface GroupPartitionView {
  readonly partition: number;
  /** Undefined: nothing is committed. */
  readonly committed: number | undefined;
  readonly end: number;
  readonly lag: number;
  /** Client id of the member that has it; undefined: nobody. */
  readonly owner: string | undefined;
}

/** What the viewer shows. */
export interface ClusterView {
  readonly topics: readonly TopicView[];
  readonly groups: readonly GroupView[];
  /** Groups with members and neither commits nor partitions here, with their state and members. */
  readonly others: readonly GroupDescription[];
}

/** What to look at; left out: everything. */
export interface ViewFilter {
  readonly topic?: string | undefined;
  readonly group?: string | undefined;
}

/** Looks at a cluster. */
export async function lookAt(admin: DriverAdmin, { topic, group }: ViewFilter): Promise<ClusterView> {
  const names = topic === undefined ? (await admin.listTopics()).sort() : [topic];
  const ranges = await Promise.all(names.map((name) => admin.logRanges(name)));
  const topics = names.map((name, i): TopicView => {
    const sorted = [...(ranges[i] ?? [])].sort((a, b) => a.partition - b.partition);
    return {
      topic: name,
      ends: sorted.map(({ high }) => high),
      records: sorted.reduce((sum, { low, high }) => sum + high - low, 0),
    };
  });
  const groupIds = group === undefined ? (await admin.listGroups()).sort() : [group];
  const looked = await Promise.all(groupIds.map((groupId) => lookAtGroup(admin, groupId, topics)));
  return {
    topics,
    groups: looked.flatMap(({ views }) => views),
    others: looked.flatMap(({ views, description }) => (views.length === 0 ? [description] : [])),
  };
}

async function lookAtGroup(
  admin: DriverAdmin,
  groupId: string,
  topics: readonly TopicView[],
): Promise<{ description: GroupDescription; views: GroupView[] }> {
  const [description, commits] = await Promise.all([
    admin.describeGroup(groupId),
    admin.committed(
      groupId,
      topics.map(({ topic }) => topic),
    ),
  ]);
  const views = topics.flatMap(({ topic, ends }): GroupView[] => {
    const partitions = ends.map((end, partition): GroupPartitionView => {
      const committed = commits.find((commit) => commit.topic === topic && commit.partition === partition)?.offset;
      const owner = description.members.find((member) =>
        member.partitions.some((owned) => owned.topic === topic && owned.partition === partition),
      );
      return { partition, committed, end, lag: Math.max(0, end - (committed ?? 0)), owner: owner?.clientId };
    });
    const isHere = partitions.some(({ committed, owner }) => committed !== undefined || owner !== undefined);
    if (!isHere) return [];
    const lag = partitions.reduce((sum, partition) => sum + partition.lag, 0);
    return [{ groupId, state: description.state, topic, lag, partitions }];
  });
  return { description, views };
}
