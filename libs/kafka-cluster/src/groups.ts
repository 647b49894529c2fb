import kafkajs, { type Admin } from 'kafkajs';
import { KafkaClusterError } from './errors.js';
import type { GroupDescription, GroupMember } from './kafka-cluster.js';

/** A consumer group as its coordinator describes it. */
export async function describeGroup(admin: Admin, groupId: string): Promise<GroupDescription> {
  const group = (await admin.describeGroups([groupId])).groups[0];
  if (group === undefined) throw new KafkaClusterError(`No answer about group ${groupId}`);
  return {
    groupId,
    state: group.state,
    protocol: group.protocol,
    members: group.members.map(({ memberId, clientId, memberAssignment }): GroupMember => {
      return { memberId, clientId, assignment: decodeAssignment(memberAssignment) };
    }),
  };
}

function decodeAssignment(bytes: Buffer): Record<string, number[]> {
  // Empty until the group's leader has handed out the partitions.
  const decoded = bytes.length === 0 ? null : kafkajs.AssignerProtocol.MemberAssignment.decode(bytes);
  const sorted = Object.entries(decoded?.assignment ?? {}).map(([topic, partitions]): [string, number[]] => [
    topic,
    [...partitions].sort((a, b) => a - b),
  ]);
  return Object.fromEntries(sorted);
}
