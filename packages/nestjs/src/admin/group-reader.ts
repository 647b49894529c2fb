import {
  partitionKey,
  type CommittedOffset,
  type DriverAdmin,
  type GroupDescription,
  type LogRange,
  type TopicPartition,
} from '@kafka-worker/engine';
import { Injectable } from '@nestjs/common';
import type { KafkaWorkerConnection } from '../runtime/connection.js';
import type { GroupAnswer, GroupMemberAnswer, GroupPartitionAnswer, GroupsAnswer } from './answers.js';
import { ClusterAdmins } from './cluster-admins.js';
import { Directory, only, type FoundGroup } from './directory.js';
import { compareText, inOrder } from './partition-order.js';
import { ProblemError } from './problem.js';
import { connectionView, membership, Views } from './views.js';

const DEAD = 'Dead';

/** What a cluster knows of a group. */
interface Seen {
  readonly description: GroupDescription;
  /** Of all topics; only what is committed. */
  readonly committed: readonly CommittedOffset[];
  readonly ranges: readonly LogRange[];
}

/** Groups as this process and the brokers see them. @internal */
@Injectable()
export class GroupReader {
  constructor(
    private readonly directory: Directory,
    private readonly admins: ClusterAdmins,
    private readonly views: Views,
  ) {}

  /** Asks no broker, unless all of them are asked for. */
  async list(connection: string | undefined, all: boolean): Promise<GroupsAnswer> {
    const own = this.directory.groups(connection);
    const connections = this.directory.connections(connection);
    const answer: GroupsAnswer = {
      connections: connections.map(connectionView),
      groups: own.map((found) => this.views.group(found)),
    };
    if (!all) return answer;
    const named = await Promise.all(connections.map((connection) => this.#names(connection)));
    const others = named
      .flat()
      .filter(({ groupId, connection }) =>
        own.every((found) => found.group.groupId !== groupId || found.connection.name !== connection),
      );
    return { ...answer, others };
  }

  /**
   * Where this process is a member of it that connection's cluster is asked, else every one.
   * @throws ProblemError unknown-target with the groups there are; validation where several have it; broker-away
   */
  async describe(groupId: string, connectionName: string | undefined): Promise<GroupAnswer> {
    const own = this.directory.groups(connectionName).filter(({ group }) => group.groupId === groupId);
    if (own.length > 0) {
      const found = only(own, `group ${groupId}`);
      return toAnswer(groupId, found.connection, await this.#look(found.connection, groupId, found), found);
    }
    const connections = this.directory.connections(connectionName);
    const looks = connections.map(async (connection) => ({
      connection,
      seen: await this.#look(connection, groupId, undefined),
    }));
    const known = (await Promise.all(looks)).filter(({ seen }) => isKnown(seen));
    if (known.length === 0) throw await this.#unknown(groupId, connections);
    const { connection, seen } = only(known, `group ${groupId}`);
    return toAnswer(groupId, connection, seen, undefined);
  }

  #names(connection: KafkaWorkerConnection): Promise<{ groupId: string; connection: string }[]> {
    return this.admins.ask(connection, async (admin) => {
      const names = await admin.listGroups();
      return names.toSorted().map((groupId) => ({ groupId, connection: connection.name }));
    });
  }

  #look(connection: KafkaWorkerConnection, groupId: string, own: FoundGroup | undefined): Promise<Seen> {
    return this.admins.ask(connection, async (admin) => {
      const [description, committed] = await Promise.all([admin.describeGroup(groupId), committedOf(admin, groupId)]);
      const named = [...committed, ...description.members.flatMap(({ partitions }) => partitions)];
      const held = own?.group.partitions ?? [];
      const topics = [...new Set([...named, ...held].map(({ topic }) => topic))];
      const ranges = await Promise.all(topics.map((topic) => admin.logRanges(topic)));
      return { description, committed, ranges: ranges.flat() };
    });
  }

  async #unknown(groupId: string, connections: readonly KafkaWorkerConnection[]): Promise<ProblemError> {
    const named = await Promise.all(connections.map((connection) => this.#names(connection)));
    const exists = named.flat().flatMap((group) => (group.groupId === groupId ? [] : [group.groupId]));
    return new ProblemError('unknown-target', `no cluster knows a group '${groupId}'`, { exists });
  }
}

/** A group may have offsets in topics that nobody of it reads any more. */
async function committedOf(admin: DriverAdmin, groupId: string): Promise<CommittedOffset[]> {
  const committed = await admin.committed(groupId, await admin.listTopics());
  return committed.filter(({ offset }) => offset !== undefined);
}

function isKnown({ description, committed }: Seen): boolean {
  return description.state !== DEAD || committed.length > 0;
}

function toAnswer(
  groupId: string,
  connection: KafkaWorkerConnection,
  { description, committed, ranges }: Seen,
  own: FoundGroup | undefined,
): GroupAnswer {
  const { state, protocol } = description;
  const selfId = own?.group.memberId;
  const members = description.members
    .map((member) => ({ ...member, self: member.memberId === selfId, partitions: inOrder(member.partitions) }))
    .map(({ memberId, clientId, host, self, partitions }): GroupMemberAnswer => {
      return { memberId, clientId, host, self, partitions };
    })
    .sort((a, b) => compareText(a.memberId, b.memberId));
  const partitions = partitionsOf(members, committed, ranges);
  return {
    groupId,
    connection: connection.name,
    state,
    protocol,
    membership: own === undefined ? null : membership(own.group),
    members,
    partitions,
    lag: partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
  };
}

function partitionsOf(
  members: readonly GroupMemberAnswer[],
  committed: readonly CommittedOffset[],
  ranges: readonly LogRange[],
): GroupPartitionAnswer[] {
  const key = ({ topic, partition }: TopicPartition): string => partitionKey(topic, partition);
  const offsets = new Map(committed.map((one) => [key(one), one.offset]));
  const owners = new Map(members.flatMap((member) => member.partitions.map((one) => [key(one), member] as const)));
  const rows = ranges.filter((range) => offsets.has(key(range)) || owners.has(key(range)));
  return inOrder(
    rows.map((range) => {
      const offset = offsets.get(key(range));
      const owner = owners.get(key(range));
      return {
        topic: range.topic,
        partition: range.partition,
        committed: offset ?? null,
        end: range.high,
        // records that were deleted before they were read are nobody's to read any more
        lag: offset === undefined ? null : Math.max(0, range.high - offset),
        owner: owner?.memberId ?? null,
        ownerClientId: owner?.clientId ?? null,
      };
    }),
  );
}
