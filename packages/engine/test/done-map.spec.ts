import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeDoneMap, encodeDoneMap, METADATA_LIMIT_CHARS } from '../src/offsets/done-map.js';
import type { OffsetRange } from '../src/offsets/ranges.js';
import { VarintReader, VarintWriter } from '../src/offsets/varint.js';
import { seeded } from './support/random.js';

const LOG_END = Number.MAX_SAFE_INTEGER;

const rangesOf = (base: number, lengths: readonly (readonly [number, number])[]): OffsetRange[] => {
  let at = base;
  return lengths.map(([pending, done]) => {
    const from = at + pending;
    at = from + done;
    return { from, to: at };
  });
};
const arbitraryMap = fc
  .tuple(
    fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 52 })),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 5_000 })), {
      minLength: 1,
      maxLength: 60,
    }),
  )
  .map(([base, lengths]) => ({ base, ranges: rangesOf(base, lengths) }));

/** Every run is one offset long. */
const alternating = (count: number): OffsetRange[] =>
  rangesOf(
    0,
    Array.from({ length: count }, () => [1, 1] as const),
  );
/** Runs no compression can find a pattern in. */
const random = (count: number, longest: number): OffsetRange[] => {
  const next = seeded(count);
  const length = (): number => 1 + Math.floor(next() * longest);
  return rangesOf(
    1_000_000,
    Array.from({ length: count }, () => [length(), length()] as const),
  );
};

describe('the done-map', () => {
  it('comes back as it was, whatever the runs', () => {
    fc.assert(
      fc.property(arbitraryMap, ({ base, ranges }) => {
        expect(decodeDoneMap(encodeDoneMap(base, ranges), base, LOG_END)).toEqual({ ok: true, ranges });
      }),
      { numRuns: 300 },
    );
  });

  it('of nothing is no text', () => {
    expect(encodeDoneMap(5, [])).toBe('');
    expect(decodeDoneMap('', 5, 10)).toEqual({ ok: true, ranges: [] });
  });

  it('that another system left behind is refused', () => {
    for (const text of ['AQAAAXy5', '{"a":1}', ' ', 'kw', 'kw1', 'kw1R', 'kw1X000', 'kw2RAAAA', 'kw1R====', 'kw1Rü']) {
      expect(decodeDoneMap(text, 0, 100)).toMatchObject({ ok: false, reason: expect.any(String) });
    }
  });

  it('of another offset is refused', () => {
    const text = encodeDoneMap(50, [{ from: 52, to: 60 }]);
    for (const committed of [0, 49, 51, 52, 1_000]) expect(decodeDoneMap(text, committed, 100).ok).toBe(false);
  });

  it('that reaches beyond the end of the log is refused', () => {
    const text = encodeDoneMap(50, [{ from: 52, to: 60 }]);
    expect(decodeDoneMap(text, 50, 60).ok).toBe(true);
    expect(decodeDoneMap(text, 50, 59)).toMatchObject({ ok: false, reason: expect.stringContaining('59') });
  });

  it('that was cut anywhere is refused', () => {
    for (const ranges of [random(300, 400), alternating(500), [{ from: 5, to: 9 }]]) {
      const base = ranges.length === 300 ? 1_000_000 : 0;
      const text = encodeDoneMap(base, ranges);
      for (let length = 1; length < text.length; length++) {
        const decoded = decodeDoneMap(text.slice(0, length), base, LOG_END);
        // cutting off padding alone loses nothing
        if (decoded.ok) expect([text.slice(length), decoded.ranges]).toEqual([expect.stringMatching(/^=+$/), ranges]);
      }
    }
  });

  it('of which one character is another is refused, or says the same', () => {
    fc.assert(
      fc.property(arbitraryMap, fc.nat(), fc.base64String({ minLength: 4 }), ({ base, ranges }, where, other) => {
        const text = encodeDoneMap(base, ranges);
        const at = where % text.length;
        const changed = text.slice(0, at) + (other[0] as string) + text.slice(at + 1);
        const decoded = decodeDoneMap(changed, base, LOG_END);
        if (decoded.ok) expect(decoded.ranges).toEqual(ranges);
      }),
      { numRuns: 3_000 },
    );
  });

  it('of any text at all never throws', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', 'kw1R', 'kw1B', 'kw1r', 'kw1b'),
        fc.base64String(),
        fc.string(),
        (head, body, tail) => {
          expect(() => decodeDoneMap(head + body, 0, LOG_END)).not.toThrow();
          expect(() => decodeDoneMap(head + body + tail, 7, 1_000)).not.toThrow();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('takes the encoding that is the shortest', () => {
    expect(encodeDoneMap(0, [{ from: 1, to: 100_000 }]).length).toBeLessThan(24); // one run
    expect(encodeDoneMap(0, alternating(5_000)).length).toBeLessThan(100); // a pattern
    const dense = random(1_500, 3);
    const span = (dense.at(-1)?.to ?? 0) - 1_000_000;
    expect(encodeDoneMap(1_000_000, dense).length).toBeLessThan(span / 6 + 40); // bits
  });

  it('has room for thousands of runs in what a broker takes by default', () => {
    expect(encodeDoneMap(1_000_000, random(1_500, 6)).length).toBeLessThan(METADATA_LIMIT_CHARS);
    expect(encodeDoneMap(1_000_000, random(1_000, 100)).length).toBeLessThan(METADATA_LIMIT_CHARS);
    expect(encodeDoneMap(1_000_000, random(8_000, 500)).length).toBeGreaterThan(METADATA_LIMIT_CHARS);
  });

  it('is as long for the broker as it looks', () => {
    const text = encodeDoneMap(1_000_000, random(400, 100));
    expect(Buffer.byteLength(text, 'utf8')).toBe(text.length);
  });
});

describe('varints', () => {
  it('come back as they were, up to 53 bits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })), (numbers) => {
        const writer = new VarintWriter();
        for (const number of numbers) writer.write(number);
        const reader = new VarintReader(writer.toBuffer());
        expect(numbers.map(() => reader.read())).toEqual(numbers);
        expect(reader.done).toBe(true);
        expect(reader.read()).toBeUndefined();
      }),
    );
  });

  it('that are cut off or too large are undefined', () => {
    expect(new VarintReader(Buffer.from([0x80])).read()).toBeUndefined();
    expect(new VarintReader(Buffer.alloc(12, 0xff)).read()).toBeUndefined();
    expect(new VarintReader(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10])).read()).toBeUndefined();
  });
});
