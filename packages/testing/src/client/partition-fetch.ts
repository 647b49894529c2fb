import type { Isolation, PartitionLog } from '../log/partition-log.js';

/** Where one owned partition's fetch stands. */
export class PartitionFetch {
  /** Next offset to hand over. */
  position: number;
  /** The engine asked for no records. Kept over a join as long as the partition stays. */
  paused = false;
  /** The engine took fewer records than were offered: nothing more before `resume`. */
  full = false;
  /** On the way out, or not yet let in by `assigned`: nothing is handed over. */
  held = false;
  /** How often the position was moved by hand. */
  jumps = 0;
  /** Called when the partition goes: stops watching the log. */
  readonly unwatch: () => void;

  constructor(
    readonly log: PartitionLog,
    readonly isolation: Isolation,
    position: number,
    /** Called whenever the log has changed. */
    changed: (self: PartitionFetch) => void,
  ) {
    this.position = position;
    this.unwatch = log.watch(() => changed(this));
  }

  /** Goes on at another offset; whether the engine has room is asked again. */
  jump(offset: number): void {
    this.position = offset;
    this.full = false;
    this.jumps++;
  }

  get ready(): boolean {
    if (this.paused || this.full || this.held) return false;
    // A fetch that is out of range is answered at once.
    return this.isOutOfRange || this.log.end(this.isolation) > this.position;
  }

  get isOutOfRange(): boolean {
    return this.position < this.log.low || this.position > this.log.high;
  }
}
