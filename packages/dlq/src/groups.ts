import { randomUUID } from 'node:crypto';

/** The group whose committed offsets and metadata say what of a dead-letter topic has been replayed. */
export function replayGroupId(topic: string): string {
  return `${topic}.replay`;
}

/** The group that listings and dry runs read with. It commits nothing, so brokers forget it by themselves. */
export function listGroupId(topic: string): string {
  return `${topic}.list`;
}

/** For a listing beside another one: members of one group would get half of the partitions each. */
export function secondListGroupId(topic: string): string {
  return `${listGroupId(topic)}-${randomUUID()}`;
}
