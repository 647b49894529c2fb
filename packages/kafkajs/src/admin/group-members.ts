import type { GroupMemberDescription } from '@kafka-worker/engine';
import kafkajs, { type MemberDescription } from 'kafkajs';

/** A member with its partitions. A member that was not assigned anything yet has none. */
export function describeMember({
  memberId,
  clientId,
  clientHost,
  memberAssignment,
}: MemberDescription): GroupMemberDescription {
  const { assignment = {} } = decode(memberAssignment) ?? {};
  const partitions = Object.entries(assignment).flatMap(([topic, numbers]) =>
    numbers.map((partition) => ({ topic, partition })),
  );
  return { memberId, clientId, host: clientHost, partitions };
}

function decode(bytes: Buffer): { assignment?: Record<string, number[]> } | null {
  return bytes.length === 0 ? null : kafkajs.AssignerProtocol.MemberAssignment.decode(bytes);
}
