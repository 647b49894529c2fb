import type { Lane } from './lane.js';

/**
 * Lanes that were set aside because their head lies above the bound of what may start: a binary heap, the lowest head
 * first, so that a bound which rises with every record lets go what is below it without looking at the rest.
 */
export class HeldLanes {
  /** Invariant: no lane's head is lower than that of the lane at half its index. The first one is at index 1. */
  readonly #heap: (Lane | undefined)[] = [undefined];

  get isEmpty(): boolean {
    return this.#heap.length === 1;
  }

  push(lane: Lane): void {
    const heap = this.#heap;
    let at = heap.length;
    for (; at > 1 && offsetOf(heap[at >> 1]) > offsetOf(lane); at >>= 1) heap[at] = heap[at >> 1];
    heap[at] = lane;
  }

  /** Takes out the lane with the lowest head, if that lies below `bound`. */
  shiftBelow(bound: number): Lane | undefined {
    const first = this.#heap[1];
    if (first === undefined || offsetOf(first) >= bound) return undefined;
    const last = this.#heap.pop() as Lane;
    if (last !== first) this.#sink(last);
    return first;
  }

  /** O(n log n); operators only. */
  remove(lane: Lane): void {
    const others = this.#heap.splice(1).filter((other) => other !== lane);
    for (const other of others) this.push(other as Lane);
  }

  #sink(lane: Lane): void {
    const heap = this.#heap;
    let at = 1;
    for (let below = 2; below < heap.length; below = at * 2) {
      if (below + 1 < heap.length && offsetOf(heap[below + 1]) < offsetOf(heap[below])) below++;
      if (offsetOf(heap[below]) >= offsetOf(lane)) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = lane;
  }
}

function offsetOf(lane: Lane | undefined): number {
  return lane?.head?.offset ?? -1;
}
