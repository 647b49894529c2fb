/**
 * 32-bit MurmurHash2 over bytes with the seed that Kafka's Java client uses, so that a key lands on the partition
 * where a Java producer would put it. Returns a signed integer.
 */
export function murmur2(bytes: Uint8Array): number {
  const m = 0x5bd1e995;
  const length = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let hash = 0x9747b28c ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = Math.imul(view.getInt32(at, true), m);
    word = Math.imul(word ^ (word >>> 24), m);
    hash = Math.imul(hash, m) ^ word;
  }
  if (at < length) {
    let tail = 0;
    for (let i = length - 1; i >= at; i--) tail = (tail << 8) | (bytes[i] as number);
    hash = Math.imul(hash ^ tail, m);
  }
  hash = Math.imul(hash ^ (hash >>> 13), m);
  return hash ^ (hash >>> 15);
}

/** Chooses partitions for one producer: by key, and without a key each in turn. */
export class Partitioner {
  readonly #turns = new Map<string, number>();

  /** `partitions`: how many the topic has. */
  choose(topic: string, key: Buffer | null, partitions: number): number {
    if (key !== null) return (murmur2(key) & 0x7fffffff) % partitions;
    const turn = this.#turns.get(topic) ?? 0;
    this.#turns.set(topic, turn + 1);
    return turn % partitions;
  }
}
