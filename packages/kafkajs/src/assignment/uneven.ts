import type { TopicPartition } from '@kafka-worker/engine';
import type { Subscriber } from './subscriber.js';

/** A member while partitions are moved about. */
interface Share {
  readonly rank: number;
  readonly list: TopicPartition[];
}

/**
 * Members subscribe to different topics: what nobody has goes to the one with the least of those that may have it, topics
 * with few subscribers first; then single partitions move from fuller members to emptier ones until no move makes any
 * two of them more even. Each move makes the sum of the squares smaller, so it ends.
 */
export function evenOut(
  members: readonly Subscriber[],
  shares: ReadonlyMap<string, TopicPartition[]>,
  loose: readonly TopicPartition[],
): void {
  const takers = new Map<string, Share[]>();
  const all = members.map(({ memberId, topics }, rank): Share => {
    const share = { rank, list: shares.get(memberId) as TopicPartition[] };
    for (const topic of new Set(topics)) takers.set(topic, [...(takers.get(topic) ?? []), share]);
    return share;
  });
  const count = ({ topic }: TopicPartition): number => takers.get(topic)?.length ?? 0;
  for (const partition of [...loose].sort((a, b) => count(a) - count(b))) {
    leastOf(takers.get(partition.topic))?.list.push(partition);
  }
  while (pass(all, takers));
}

/** Looks at every member once, fullest first; true where something moved. */
function pass(all: readonly Share[], takers: ReadonlyMap<string, readonly Share[]>): boolean {
  let moved = false;
  for (const share of [...all].sort((a, b) => b.list.length - a.list.length || a.rank - b.rank)) {
    while (moveOne(share, takers)) moved = true;
  }
  return moved;
}

/** Gives one partition of the member to whoever has least, where that has at least two less. */
function moveOne(from: Share, takers: ReadonlyMap<string, readonly Share[]>): boolean {
  let to: Share | undefined;
  let at = -1;
  const seen = new Set<string>();
  for (let index = from.list.length - 1; index >= 0; index--) {
    const { topic } = from.list[index] as TopicPartition;
    if (seen.has(topic)) continue;
    seen.add(topic);
    const least = leastOf(takers.get(topic));
    if (least && (to === undefined || least.list.length < to.list.length)) [to, at] = [least, index];
  }
  if (to === undefined || to.list.length + 2 > from.list.length) return false;
  to.list.push(...from.list.splice(at, 1));
  return true;
}

function leastOf(shares: readonly Share[] = []): Share | undefined {
  let least: Share | undefined;
  for (const share of shares) if (least === undefined || share.list.length < least.list.length) least = share;
  return least;
}
