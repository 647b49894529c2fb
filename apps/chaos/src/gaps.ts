import type { Ledger } from './ledger.js';

/** A time in which there were records of a partition, and the member that held it was handed none. */
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
 * The gaps between one hand-over of records of a partition and the next one to the same process, as long as the partition
 * stays there: where it was asked for in between, or lost, there is no gap but a move. A gap begins when the broker has
 * acknowledged the record that ends it, since before there was nothing to hand over. Needs members that are watched.
 */
export function gapsOf({ events, produced }: Pick<Ledger, 'events' | 'produced'>): Gap[] {
  const acknowledged = new Map(produced.map(({ partition, offset, at = 0 }) => [`${partition}/${offset}`, at]));
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
      const { partition, offset } = event;
      const key = `${pid} ${partition}`;
      const before = last.get(key);
      if (before !== undefined) {
        const from = Math.max(before, acknowledged.get(`${partition}/${offset}`) ?? before);
        const inRebalance = (rebalancing.get(pid) ?? 0) > before;
        gaps.push({ member, partition, from, ms: Math.max(at - from, 0), inRebalance });
      }
      last.set(key, at);
    }
  }
  return gaps;
}
