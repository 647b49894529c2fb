import { crc32, inflateRawSync } from 'node:zlib';

/** Offsets `[from, to)`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the done-set out of a commit's metadata as `docs/offsets.md` describes it. Written for the model and from the
 * description alone: were it the engine's own reader, both would be wrong in the same way.
 * @returns undefined where it is not a map of this offset.
 */
export function readStoredMap(metadata: string, offset: number): readonly Span[] | undefined {
  if (metadata === '') return [];
  const match = /^kw1([RBrb])([A-Za-z0-9+/]+=*)$/.exec(metadata);
  if (match === null) return undefined;
  const [, kind, text] = match as unknown as [string, string, string];
  const packed = Buffer.from(text, 'base64');
  const body = packed.subarray(4);
  if (packed.readUInt32BE(0) !== crc32(body, crc32(kind))) return undefined;
  const bytes = kind === 'r' || kind === 'b' ? inflateRawSync(body) : body;
  const numbers = { at: 0 };
  if (varint(bytes, numbers) !== offset) return undefined;
  const spans: Span[] = [];
  if (kind.toUpperCase() === 'R') {
    for (let at = offset; numbers.at < bytes.length;) {
      const from = at + varint(bytes, numbers);
      at = from + varint(bytes, numbers);
      spans.push({ from, to: at });
    }
  } else {
    for (let bit = 0; bit < (bytes.length - numbers.at) * 8; bit++) {
      const set = ((bytes[numbers.at + (bit >> 3)] as number) >> (bit & 7)) & 1;
      if (set === 1) spans.push({ from: offset + bit, to: offset + bit + 1 });
    }
  }
  return spans;
}

/** True where one of the spans holds the offset. */
export function spansHold(spans: readonly Span[], offset: number): boolean {
  return spans.some(({ from, to }) => from <= offset && offset < to);
}

/** Seven bits a byte, the lowest first, the eighth set where another byte follows. */
function varint(bytes: Buffer, cursor: { at: number }): number {
  let value = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = bytes[cursor.at++];
    if (byte === undefined) return Number.NaN;
    value += (byte & 127) * factor;
    if (byte < 128) return value;
  }
}
