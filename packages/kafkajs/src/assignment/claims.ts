import type { TopicPartition } from '@kafka-worker/engine';
import { seal, unseal, type ByTopic } from './envelope.js';
import type { Subscriber } from './subscriber.js';

/** What a member says of itself when it joins. */
export interface Claims {
  /** As whom it has what it has. A member with another id has lost it all, and is not believed. */
  readonly memberId: string;
  readonly owned: readonly TopicPartition[];
  /** Generation since which it has just that. */
  readonly since: number;
  /** It let go of everything before it joined. */
  readonly released: boolean;
}

/**
 * As they travel, with the numbers of partitions that the member knows of: where those change the broker sees another
 * member than before, and has the whole group join anew.
 */
export function encodeClaims(claims: Claims | undefined, counts: Readonly<Record<string, number>>): Buffer {
  if (claims === undefined) return seal({ counts });
  const { memberId, since, released, owned } = claims;
  return seal({ counts, memberId, since, released, owned: byTopic(owned) });
}

/** What a member of this id claims. Nothing where the bytes are not ours, make no sense, or name another member. */
export function decodeClaims(bytes: Buffer | null, memberId: string): Pick<Subscriber, 'owned' | 'since' | 'released'> {
  const told = unseal(bytes);
  if (!isObject(told) || told['memberId'] !== memberId) return {};
  const { since, released } = told;
  const owned = decodePartitions(told['owned']);
  if (owned === undefined || typeof since !== 'number' || !Number.isInteger(since)) return {};
  // Whoever does not say that it has let go may be at work.
  return { owned, since, released: released === true };
}

/** Partitions in the form in which they travel, the same for the same partitions in whatever order. */
export function byTopic(partitions: readonly TopicPartition[]): ByTopic {
  const lists = new Map<string, number[]>();
  for (const { topic, partition } of partitions) lists.set(topic, [...(lists.get(topic) ?? []), partition]);
  const entries = [...lists].map(([topic, list]): [string, number[]] => [topic, list.sort((a, b) => a - b)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Undefined where it is not what {@link byTopic} makes. */
export function decodePartitions(value: unknown): TopicPartition[] | undefined {
  if (!isObject(value)) return undefined;
  const partitions: TopicPartition[] = [];
  for (const [topic, list] of Object.entries(value)) {
    if (!Array.isArray(list)) return undefined;
    for (const partition of list as readonly unknown[]) {
      if (typeof partition !== 'number' || !Number.isInteger(partition) || partition < 0) return undefined;
      partitions.push({ topic, partition });
    }
  }
  return partitions;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
