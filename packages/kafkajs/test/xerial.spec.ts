import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import snappy from 'snappyjs';
import { frame, unframe, type BlockCodec } from '../src/codecs/xerial.js';

const blocks: BlockCodec = { compress: (b) => snappy.compress(b), uncompress: (b) => snappy.uncompress(b) };

describe('xerial framing', () => {
  it('gives back what was framed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.integer({ min: 1, max: 2000 }), (unit, times) => {
        const data = Buffer.concat(Array.from({ length: times }, () => Buffer.from(unit)));
        expect(unframe(frame(data, blocks), blocks).equals(data)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('cuts blocks of 32 KiB behind a header of 16 bytes', () => {
    const plain: BlockCodec = { compress: (b) => b, uncompress: (b) => b };
    const framed = frame(Buffer.alloc(70_000, 7), plain);
    expect(framed.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
    expect(framed.readInt32BE(16)).toBe(32_768);
    expect(framed.length).toBe(16 + 3 * 4 + 70_000);
  });

  it('reads one bare block', () => {
    const data = Buffer.from('bare '.repeat(10));
    expect(unframe(snappy.compress(data), blocks).equals(data)).toBe(true);
  });

  it('refuses a frame cut short', () => {
    const framed = frame(Buffer.from('some data'), blocks);
    expect(() => unframe(framed.subarray(0, -1), blocks)).toThrow('within a block');
    expect(() => unframe(framed.subarray(0, 18), blocks)).toThrow('within a length');
  });
});
