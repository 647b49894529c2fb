import type { Task } from '../delivery/task.js';

/**
 * idle     empty
 * ready    its head may start; the lane is in its partition's queue of ready lanes
 * held     its head may not start because the done-set is too large; the lane is in the list of held ones
 * running  its head runs, or its commit is awaited before it does
 * waiting  its head waits for its next attempt, or for the acknowledgement of its copy
 * frozen   its head has used up its attempts; stands until somebody unfreezes it
 * parked   its head's bytes are being read again
 */
export type LaneState = 'idle' | 'ready' | 'held' | 'running' | 'waiting' | 'frozen' | 'parked';

/** An ordered queue of one partition. At most one of its records is with a handler, and it is the first one. */
export class Lane {
  state: LaneState = 'idle';
  head: Task | undefined = undefined;
  /** Meaningless while `head` is undefined. */
  tail: Task | undefined = undefined;
  /** In the ready or held queue. */
  next: Lane | undefined = undefined;
  /** The lane keeps its worker's slot while its head waits for the next attempt (`serial`). */
  holdsSlot = false;

  /** @param key under which the partition finds it again; undefined for the lane of a single record. */
  constructor(
    readonly key: Uint8Array | undefined,
    /** Of the key, where there is one: see `LaneTable`. */
    readonly hash = 0,
  ) {}

  push(task: Task): void {
    if (this.head === undefined) this.head = task;
    else (this.tail as Task).nextInLane = task;
    this.tail = task;
  }

  /** Takes the settled head off. */
  shift(): void {
    const head = this.head as Task;
    this.head = head.nextInLane;
    head.nextInLane = undefined;
  }
}

/** First in, first out, linked through `Lane.next`: a lane is in one such queue at most. */
export class LaneQueue {
  #first: Lane | undefined;
  #last: Lane | undefined;

  /** The next one, without taking it. */
  get first(): Lane | undefined {
    return this.#first;
  }

  push(lane: Lane): void {
    lane.next = undefined;
    if (this.#last === undefined) this.#first = lane;
    else this.#last.next = lane;
    this.#last = lane;
  }

  shift(): Lane | undefined {
    const lane = this.#first;
    if (lane === undefined) return undefined;
    this.#first = lane.next;
    if (this.#first === undefined) this.#last = undefined;
    lane.next = undefined;
    return lane;
  }

  /** O(length). */
  remove(lane: Lane): void {
    const others: Lane[] = [];
    for (let other = this.shift(); other !== undefined; other = this.shift()) if (other !== lane) others.push(other);
    for (const other of others) this.push(other);
  }
}
