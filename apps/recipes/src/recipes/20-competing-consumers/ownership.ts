import type { Told } from '../../harness/index.js';

/** Partitions of each member, by the last that it told of a rebalance; those that have told nothing are left out. */
export function ownership(rebalances: readonly Told<'group.rebalanced'>[]): Map<string, number[]> {
  const owned = new Map<string, number[]>();
  for (const { member, assigned, kept } of rebalances) {
    owned.set(
      member,
      [...kept, ...assigned].map(({ partition }) => partition).sort((a, b) => a - b),
    );
  }
  return owned;
}

/** Whether these members know of the same generation and share all partitions. */
export function isStable(
  rebalances: readonly Told<'group.rebalanced'>[],
  members: readonly string[],
  partitions: number,
): boolean {
  const last = members.map((member) => rebalances.findLast((told) => told.member === member));
  const generations = new Set(last.map((told) => told?.generation));
  if (generations.size !== 1 || generations.has(undefined)) return false;
  const owned = ownership(rebalances);
  return members.reduce((sum, member) => sum + (owned.get(member)?.length ?? 0), 0) === partitions;
}
