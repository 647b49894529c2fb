import type { Order } from '../cells/cell.js';

/** Where a record stands. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
}

/** What a checked run has found; a good one has zeros everywhere. */
export interface Findings {
  /** Records handed to a handler again. */
  readonly duplicates: number;
  /** Records no handler has seen. */
  readonly missing: number;
  /** A handler began while another of its lane ran, or before one of a lower offset had ended. */
  readonly violations: number;
}

interface Lane {
  running: number;
  highest: number;
}

/** Looks at every record of a run: seen once, and in the order that was promised. */
export class Checker {
  readonly #seen: readonly Uint8Array[];
  readonly #lanes = new Map<string, Lane>();
  #distinct = 0;
  #duplicates = 0;
  #violations = 0;

  /** @param perPartition records of each partition; their offsets begin at 0. */
  constructor(
    readonly order: Order,
    readonly perPartition: readonly number[],
  ) {
    this.#seen = perPartition.map((records) => new Uint8Array(Math.ceil(records / 8)));
  }

  begin(place: Place): void {
    if (!this.#mark(place)) {
      this.#duplicates++;
      return;
    }
    const lane = this.#lane(place);
    if (lane === undefined) return;
    if (lane.running > 0 || place.offset < lane.highest) this.#violations++;
    lane.running++;
    lane.highest = Math.max(lane.highest, place.offset);
  }

  end(place: Place): void {
    const lane = this.#lane(place);
    if (lane !== undefined) lane.running--;
  }

  findings(): Findings {
    const total = this.perPartition.reduce((sum, records) => sum + records, 0);
    return { duplicates: this.#duplicates, missing: total - this.#distinct, violations: this.#violations };
  }

  /** @returns false where it was seen before. */
  #mark({ partition, offset }: Place): boolean {
    const bits = this.#seen[partition];
    const byte = bits?.[offset >> 3];
    if (bits === undefined || byte === undefined) throw new RangeError(`no record ${partition}/${offset} was produced`);
    const bit = 1 << (offset & 7);
    if ((byte & bit) !== 0) return false;
    bits[offset >> 3] = byte | bit;
    this.#distinct++;
    return true;
  }

  #lane({ partition, key }: Place): Lane | undefined {
    if (this.order === 'unordered') return undefined;
    const name = this.order === 'key' ? `${partition}/${key}` : String(partition);
    let lane = this.#lanes.get(name);
    if (lane === undefined) this.#lanes.set(name, (lane = { running: 0, highest: -1 }));
    return lane;
  }
}
