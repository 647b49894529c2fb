import { Lane } from './lane.js';

const FIRST_SLOTS = 64;

/**
 * Lanes by the bytes of their key: a hash table with open addressing and linear probing.
 *
 * A `Map` with the key as text costs more than all the rest of taking a record, since lanes come and go with nearly
 * every one: the text is made to be looked up once. Here nothing is made, and the key's bytes are those of the record.
 * However badly keys collide, a table holds no more lanes than its partition may hold records.
 */
export class LaneTable {
  /** At most half full; its length is a power of two. */
  #slots: (Lane | undefined)[] = emptySlots(FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  find(key: Uint8Array): Lane | undefined {
    const hash = hashOf(key);
    const mask = this.#slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const lane = this.#slots[at];
      if (lane === undefined) return undefined;
      if (lane.hash === hash && same(lane.key as Uint8Array, key)) return lane;
    }
  }

  /** A new lane for a key that has none. */
  add(key: Uint8Array): Lane {
    if (++this.#size * 2 > this.#slots.length) this.#grow();
    const lane = new Lane(key, hashOf(key));
    this.#put(lane);
    return lane;
  }

  /** @param lane is in the table. */
  delete(lane: Lane): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = lane.hash & mask;
    while (slots[hole] !== lane) hole = (hole + 1) & mask;
    // Probing stops at an empty slot: those behind the hole whose search began at or before it move up into it.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const other = slots[at];
      if (other === undefined) break;
      const distance = (at - (other.hash & mask)) & mask;
      if (distance < ((at - hole) & mask)) continue;
      slots[hole] = other;
      hole = at;
    }
    slots[hole] = undefined;
    this.#size--;
  }

  #put(lane: Lane): void {
    const mask = this.#slots.length - 1;
    let at = lane.hash & mask;
    while (this.#slots[at] !== undefined) at = (at + 1) & mask;
    this.#slots[at] = lane;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = emptySlots(old.length * 2);
    for (const lane of old) if (lane !== undefined) this.#put(lane);
  }
}

function emptySlots(length: number): (Lane | undefined)[] {
  return new Array<Lane | undefined>(length).fill(undefined);
}

/** FNV-1a, 32 bits, its upper half folded into the lower one that picks the slot. */
function hashOf(key: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ (key[i] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
