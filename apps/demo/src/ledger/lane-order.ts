interface Run {
  readonly member: number;
  readonly seq: number;
  readonly offset: number;
}

/** A handler as the lane sees it. `seq` counts the lane's records from 1 without a gap. */
export interface LaneRun extends Run {
  /** The record has been handled to its end before: it came again. */
  readonly again: boolean;
}

/** Watches one lane: a record may start when the one before it is done, and none may run beside it. */
export class LaneOrder {
  /** The highest that is done; goes back where records come again, which then have to come in order, too. */
  #done = 0;
  #running: Run | undefined;

  /** @returns what is wrong with this start, if anything is. */
  start(run: LaneRun): string | undefined {
    const beside = this.#running;
    this.#running = run;
    if (run.again && run.seq <= this.#done) this.#done = run.seq - 1;
    // The same record at two members is a redelivery, which the ledger counts elsewhere.
    if (beside !== undefined && beside.offset !== run.offset) {
      return `number ${run.seq} started while number ${beside.seq} was running`;
    }
    if (run.seq > this.#done + 1) return `number ${run.seq} started before number ${this.#done + 1} was done`;
    return undefined;
  }

  done(run: Run): void {
    this.#done = Math.max(this.#done, run.seq);
    this.#end(run);
  }

  failed(run: Run): void {
    this.#end(run);
  }

  /** The member is dead: what it ran will come again elsewhere. */
  forget(member: number): void {
    if (this.#running?.member === member) this.#running = undefined;
  }

  #end(run: Run): void {
    if (this.#running?.member === run.member && this.#running.offset === run.offset) this.#running = undefined;
  }
}
