/** What a decision is about: the same label gets the same answer under the same seed. */
export type Label = readonly (string | number)[];

/**
 * Every choice of a simulation. A choice depends on the seed and on what it is about, never on how many choices were
 * made before: where the shrinker takes an action out of a history, everything else goes the way it went.
 */
export class Decisions {
  constructor(readonly seed: number) {}

  /** In [0, 1). */
  fraction(...label: Label): number {
    return hash(this.seed, label.join('/')) / 2 ** 32;
  }

  /** A whole number in [0, n). */
  below(n: number, ...label: Label): number {
    return Math.floor(this.fraction(...label) * n);
  }

  /** True in this share of all cases, 0 to 1. */
  chance(share: number, ...label: Label): boolean {
    return share > 0 && this.fraction(...label) < share;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[], ...label: Label): T {
    return list[this.below(list.length, ...label)] as T;
  }
}

/** FNV-1a over the text, mixed as MurmurHash3 ends, so that neighbouring labels have nothing in common. */
function hash(seed: number, text: string): number {
  let h = (0x811c9dc5 ^ seed) | 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
