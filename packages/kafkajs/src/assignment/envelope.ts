/**
 * What members of ours tell one another within a group: bytes that Kafka passes on and no other client reads. Two
 * letters and a version, so that whatever else stands there is known for what it is.
 */
const HEAD = Buffer.from([0x4b, 0x57, 1]);

/** JSON with our mark in front. */
export function seal(value: unknown): Buffer {
  return Buffer.concat([HEAD, Buffer.from(JSON.stringify(value))]);
}

/** Undefined: not of ours, of another version, or broken. Never throws. */
export function unseal(bytes: Buffer | null | undefined): unknown {
  if (!bytes || !bytes.subarray(0, HEAD.length).equals(HEAD)) return undefined;
  try {
    return JSON.parse(bytes.subarray(HEAD.length).toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** Partitions by topic, the form in which they travel. */
export type ByTopic = Readonly<Record<string, readonly number[]>>;
