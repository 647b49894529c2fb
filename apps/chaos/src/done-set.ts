import { crc32, inflateRawSync } from 'node:zlib';

/** The CRC-32 of the kind and of all that follows. */
const CHECK_BYTES = 4;

/**
 * The offsets above a committed offset that its metadata names as done. Written from the format's description alone
 * (`kw1`, kind, base64 of a check sum and varints) and apart from the engine's own reader, so that a mistake there is
 * seen here.
 */
export function doneAbove(offset: number, metadata: string): number[] {
  if (metadata === '') return [];
  const kind = metadata.charAt(3);
  if (!metadata.startsWith('kw1') || !/^[RrBb]$/.test(kind)) throw new Error(`not a map: ${metadata}`);
  const stored = Buffer.from(metadata.slice(4), 'base64');
  const packed = stored.subarray(CHECK_BYTES);
  if (stored.readUInt32BE() !== crc32(packed, crc32(kind))) throw new Error(`the check sum is wrong: ${metadata}`);
  const bytes = kind === kind.toLowerCase() ? inflateRawSync(packed) : packed;
  const base = varint(bytes, 0);
  if (base.value !== offset) throw new Error(`the map of offset ${base.value} stands at offset ${offset}`);
  return kind.toUpperCase() === 'R' ? fromRuns(bytes, base) : fromBits(bytes.subarray(base.end), offset);
}

interface Varint {
  readonly value: number;
  /** Index of the byte after it. */
  readonly end: number;
}

/** Seven bits a byte, lowest first; the high bit says that more follow. */
function varint(bytes: Buffer, start: number): Varint {
  let value = 0;
  let end = start;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[end++];
    if (byte === undefined) throw new Error('the map is cut off');
    value += (byte % 128) * scale;
    if (byte < 128) return { value, end };
  }
}

function fromRuns(bytes: Buffer, base: Varint): number[] {
  const done: number[] = [];
  let at = base.value;
  for (let { end } = base; end < bytes.length;) {
    const pending = varint(bytes, end);
    const settled = varint(bytes, pending.end);
    at += pending.value;
    for (const stop = at + settled.value; at < stop; at++) done.push(at);
    end = settled.end;
  }
  return done;
}

function fromBits(bits: Buffer, base: number): number[] {
  const done: number[] = [];
  for (let i = 0; i < bits.length * 8; i++) if (((bits[i >> 3] as number) >> (i % 8)) & 1) done.push(base + i);
  return done;
}
