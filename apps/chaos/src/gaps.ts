import type { MemberEvent } from './events.js';

/** A time in which a member that held a partition was handed nothing of it. */
export interface Gap {
  readonly member: string;
  readonly partition: number;
  /** Clock of the machine at its begin. */
  readonly from: number;
  readonly ms: number;
  /** A rebalance of the member fell into it. */
  readonly inRebalance: boolean;
}

/**
 * The gaps between one hand-over of records of a partition and the next one to the same member, as long as the partition
 * stays: where it was asked for in between, or lost, or another process has begun with it, there is no gap but a move.
 * Needs members that are watched, and a producer that writes to every partition all the time.
 */
export function gapsOf(events: readonly MemberEvent[]): Gap[] {
  const gaps: Gap[] = [];
  /** By process and partition: when something was handed over last. */
  const last = new Map<string, number>();
  /** By process: when it was rebalancing last. */
  const rebalancing = new Map<number, number>();
  for (const event of [...events].sort((a, b) => a.at - b.at)) {
    const { member, pid, at } = event;
    if (event.type === 'asked') {
      for (const partition of event.partitions) last.delete(`${pid} ${partition}`);
    } else if (event.type === 'engine' && event.event.type === 'group.state') {
      if (event.event.state === 'rebalancing') rebalancing.set(pid, at);
    } else if (event.type === 'handed') {
      const key = `${pid} ${event.partition}`;
      const from = last.get(key);
      if (from !== undefined) {
        const inRebalance = (rebalancing.get(pid) ?? 0) > from;
        gaps.push({ member, partition: event.partition, from, ms: at - from, inRebalance });
      }
      last.set(key, at);
    }
  }
  return gaps;
}
