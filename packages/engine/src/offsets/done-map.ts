import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { appendRange, type OffsetRange } from './ranges.js';
import { VarintReader, VarintWriter } from './varint.js';

/**
 * The done-set as text in the metadata of a commit, so that a later owner does not repeat what was settled above the
 * committed offset.
 *
 *     kw1 R base64( check, base, pending, done, pending, done, … )   run lengths, upwards from the base
 *     kw1 B base64( check, base, bits )                              bit i, lowest first, set: base + i is done
 *     kw1 r / b                                                      the same, raw-deflated behind the check
 *
 * `check` is the CRC-32 of the kind and of the bytes behind it: a map with one wrong bit would lose a record.
 * `base` is the committed offset it belongs to, so that a map left behind by somebody who moved the offset is seen.
 * The text is only characters that the broker counts one by one (its limit is in characters: 4,096 by default,
 * `offset.metadata.max.bytes`).
 */
const VERSION = 'kw1';

/** Characters a broker takes by default. */
export const METADATA_LIMIT_CHARS = 4096;

const CHECK_BYTES = 4;

/** A bitset that is larger than this cannot win, compressed or not. */
const BITSET_LIMIT_BYTES = 32 * 1024;

/** Below this, deflate has nothing to win back its own overhead with. */
const WORTH_DEFLATING_BYTES = 40;

/** A map in a metadata of 4,096 characters never inflates to more; what does is not ours. */
const INFLATED_LIMIT_BYTES = 4 * 1024 * 1024;

/** @returns the text, empty where there is nothing to say. It may be longer than the broker takes: the caller looks. */
export function encodeDoneMap(base: number, ranges: readonly OffsetRange[]): string {
  const last = ranges.at(-1);
  if (last === undefined) return '';
  let best = candidate('R', encodeRuns(base, ranges));
  if ((last.to - base) / 8 <= BITSET_LIMIT_BYTES)
    best = shorter(best, candidate('B', encodeBits(base, ranges, last.to)));
  return best;
}

function candidate(kind: 'R' | 'B', bytes: Buffer): string {
  const plain = pack(kind, bytes);
  if (bytes.length < WORTH_DEFLATING_BYTES) return plain;
  return shorter(plain, pack(kind.toLowerCase(), deflateRawSync(bytes)));
}

function pack(kind: string, bytes: Buffer): string {
  return VERSION + kind + Buffer.concat([checkOf(kind, bytes), bytes]).toString('base64');
}

function checkOf(kind: string, bytes: Buffer): Buffer {
  const check = Buffer.alloc(CHECK_BYTES);
  check.writeUInt32BE(crc32(bytes, crc32(kind)));
  return check;
}

function shorter(a: string, b: string): string {
  return b.length < a.length ? b : a;
}

function encodeRuns(base: number, ranges: readonly OffsetRange[]): Buffer {
  const out = new VarintWriter();
  out.write(base);
  let at = base;
  for (const { from, to } of ranges) {
    out.write(from - at);
    out.write(to - from);
    at = to;
  }
  return out.toBuffer();
}

function encodeBits(base: number, ranges: readonly OffsetRange[], end: number): Buffer {
  const head = new VarintWriter();
  head.write(base);
  const bits = Buffer.alloc(Math.ceil((end - base) / 8));
  for (const { from, to } of ranges) {
    for (let bit = from - base; bit < to - base;) {
      const byte = bit >> 3;
      if ((bit & 7) === 0 && to - base - bit >= 8) {
        bits[byte] = 0xff;
        bit += 8;
      } else {
        bits[byte] = (bits[byte] as number) | (1 << (bit & 7));
        bit++;
      }
    }
  }
  return Buffer.concat([head.toBuffer(), bits]);
}

/** What a stored metadata says, or why it says nothing. */
export type DecodedDoneMap =
  { readonly ok: true; readonly ranges: readonly OffsetRange[] } | { readonly ok: false; readonly reason: string };

/**
 * Reads a map back. Never throws and never guesses: what is not exactly a map of this committed offset and of this
 * log is refused with a reason, and the records are delivered again.
 * @param committed the offset that was stored with it.
 * @param logEnd one past the last record of the log.
 */
export function decodeDoneMap(metadata: string, committed: number, logEnd: number): DecodedDoneMap {
  if (metadata === '') return { ok: true, ranges: [] };
  if (!metadata.startsWith(VERSION)) return refuse('it was not written by this version');
  const kind = metadata.charAt(VERSION.length);
  const text = metadata.slice(VERSION.length + 1);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return refuse('it is not base64');
  const packed = Buffer.from(text, 'base64');
  let bytes: Buffer = packed.subarray(CHECK_BYTES);
  if (!checkOf(kind, bytes).equals(packed.subarray(0, CHECK_BYTES))) return refuse('its check sum is wrong');
  if (kind === 'r' || kind === 'b') {
    try {
      bytes = inflateRawSync(bytes, { maxOutputLength: INFLATED_LIMIT_BYTES });
    } catch {
      return refuse('it does not inflate');
    }
  } else if (kind !== 'R' && kind !== 'B') return refuse(`its kind '${kind}' is unknown`);

  const reader = new VarintReader(bytes);
  const base = reader.read();
  if (base === undefined) return refuse('it is cut off');
  if (base !== committed) return refuse(`it belongs to offset ${base}, the committed offset is ${committed}`);
  const ranges = kind.toUpperCase() === 'R' ? decodeRuns(reader, base) : decodeBits(reader.rest(), base);
  if (ranges === undefined) return refuse('its runs are broken');
  const end = ranges.at(-1)?.to ?? base;
  if (end > logEnd) return refuse(`it names offsets up to ${end - 1}, the log ends at ${logEnd}`);
  return { ok: true, ranges };
}

function refuse(reason: string): DecodedDoneMap {
  return { ok: false, reason };
}

function decodeRuns(reader: VarintReader, base: number): OffsetRange[] | undefined {
  const ranges: OffsetRange[] = [];
  let at = base;
  while (!reader.done) {
    const pending = reader.read();
    const done = reader.read();
    // every run holds something: the encoder melts ranges that touch, and the base itself is never done
    if (pending === undefined || done === undefined || pending === 0 || done === 0) return undefined;
    const from = at + pending;
    at = from + done;
    if (!Number.isSafeInteger(at)) return undefined;
    ranges.push({ from, to: at });
  }
  return ranges.length > 0 ? ranges : undefined;
}

function decodeBits(bits: Buffer, base: number): OffsetRange[] | undefined {
  const ranges: OffsetRange[] = [];
  for (let byte = 0; byte < bits.length; byte++) {
    const value = bits[byte] as number;
    if (value === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      if ((value & (1 << bit)) !== 0) appendRange(ranges, base + byte * 8 + bit, base + byte * 8 + bit + 1);
    }
  }
  return ranges.length > 0 && (ranges[0] as OffsetRange).from > base ? ranges : undefined;
}
