/** Numbers in [0, 1) that depend on nothing but the seed and what they are asked for: any order of asking, same answer. */
export class Chance {
  constructor(private readonly seed: number) {}

  /** FNV-1a over the parts, then a finaliser, since neighbours must not be alike. */
  of(...parts: readonly (string | number)[]): number {
    let hash = 0x811c9dc5 ^ this.seed;
    for (const char of parts.join('/')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number, ...parts: readonly (string | number)[]): number {
    return least + Math.floor(this.of(...parts) * (most - least + 1));
  }
}
