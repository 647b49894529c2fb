import { PartitionLog } from './partition-log.js';

/** A topic: its partitions and the settings it was created with (kept, not acted upon). */
export class Topic {
  /** Invariant: index = partition number. */
  readonly partitions: readonly PartitionLog[];

  constructor(
    readonly name: string,
    partitions: number,
    readonly configs: Readonly<Record<string, string>> = {},
  ) {
    if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name) || name === '.' || name === '..') {
      throw new TypeError(`"${name}" is no name for a topic: letters, digits, ".", "_" and "-", at most 249 of them`);
    }
    if (!Number.isInteger(partitions) || partitions < 1) {
      throw new RangeError(`topic "${name}" needs at least 1 partition, got ${partitions}`);
    }
    this.partitions = Array.from({ length: partitions }, (_, partition) => new PartitionLog(name, partition));
  }
}
