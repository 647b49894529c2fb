import type { PartitionAssignment } from '../group/partition-assignment.js';

/**
 * Which partition of a worker starts the next handler: in turn, so that none is starved by another's backlog, and
 * no more of them at once than `partitionLimit`.
 *
 * With a limit, a partition that has started something holds a *place* until it has nothing ready and nothing
 * running. One that could go on forever gives its place up after `turnLength` starts when others wait: it then
 * starts nothing more until what runs has finished.
 */
export class Turns {
  readonly #run: PartitionAssignment[] = [];
  readonly #wait: PartitionAssignment[] = [];
  #places = 0;

  constructor(
    readonly partitionLimit: number,
    readonly turnLength: number,
  ) {}

  /** The partition has something ready. Harmless when it is queued already. */
  offer(partition: PartitionAssignment): void {
    if (partition.queued) return;
    partition.queued = true;
    if (this.partitionLimit === Infinity) {
      this.#run.push(partition);
      return;
    }
    if (partition.hasPlace) {
      const turnOver = partition.turnStarts >= this.turnLength && this.#wait.length > 0;
      (turnOver ? this.#wait : this.#run).push(partition);
      if (turnOver) this.rest(partition);
    } else if (this.#places < this.partitionLimit) {
      this.#give(partition);
    } else {
      this.#wait.push(partition);
    }
  }

  /** The next partition that may start something, or undefined. It is out of the queue: offer it again. */
  next(): PartitionAssignment | undefined {
    for (;;) {
      const partition = this.#run.shift();
      if (partition === undefined) return undefined;
      partition.queued = false;
      if (partition.canStart && partition.lanes.hasReady) {
        partition.turnStarts++;
        return partition;
      }
      this.rest(partition);
    }
  }

  /** The partition has nothing running: if it has nothing ready either, or its turn is over, its place is free. */
  rest(partition: PartitionAssignment): void {
    if (!partition.hasPlace || partition.running > 0) return;
    if (partition.queued && !this.#wait.includes(partition)) return;
    partition.hasPlace = false;
    this.#places--;
    while (this.#places < this.partitionLimit) {
      const next = this.#wait.shift();
      if (next === undefined) return;
      if (next.canStart && next.lanes.hasReady) this.#give(next);
      else next.queued = false;
    }
  }

  /** One whose turn was over may come round again while something of it still runs: it has its place yet. */
  #give(partition: PartitionAssignment): void {
    if (!partition.hasPlace) this.#places++;
    partition.hasPlace = true;
    partition.turnStarts = 0;
    this.#run.push(partition);
  }
}
