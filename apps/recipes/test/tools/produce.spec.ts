import { describe, expect, it } from '@jest/globals';
import type { DriverProducer, OutgoingRecord } from '@kafka-worker/engine';
import { keyPicker } from '../../src/tools/produce/key-picker.js';
import { payloadOf } from '../../src/tools/produce/payload.js';
import { produceOptions, type ProduceOptions } from '../../src/tools/produce/produce-options.js';
import { sendAll } from '../../src/tools/produce/send-all.js';

function options(given: Partial<ProduceOptions> = {}): ProduceOptions {
  return produceOptions({ brokers: ['localhost:9092'], topic: 't', ...given });
}

/** Numbers from 0 to 1, evenly. */
function evenly(steps: number): () => number {
  let step = 0;
  return () => (step++ % steps) / steps;
}

describe('keys', () => {
  it.each([
    [0, [250, 250, 250, 250]],
    [1, [480, 240, 160, 120]],
    [5, [965, 30, 4, 1]],
  ])('with skew %d come in proportion to 1 / n^skew', (skew, expected) => {
    const next = keyPicker(4, skew, evenly(1000));
    const counts = new Map<string | undefined, number>();
    for (let i = 0; i < 1000; i++) {
      const key = next();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expected.forEach((count, n) => expect(Math.abs((counts.get(`k${n}`) ?? 0) - count)).toBeLessThanOrEqual(1));
  });

  it('are none where there are none', () => {
    expect(keyPicker(0, 1)()).toBeUndefined();
  });
});

describe('payload', () => {
  it('is number, key and time, or what was given', () => {
    expect(JSON.parse(payloadOf(options(), 3, 'k1', 99))).toEqual({ n: 3, key: 'k1', at: 99 });
    expect(JSON.parse(payloadOf(options(), 3, undefined, 99))).toEqual({ n: 3, at: 99 });
    expect(payloadOf(options({ payload: { a: 1 } }), 3, 'k1', 99)).toBe('{"a":1}');
  });

  it.each([[{ a: 1 }], [{}], [{ pad: 'mine' }], [[1, 2]], ['text'], [7], [{ ä: 'ö' }]])(
    '%j is filled up to the byte and stays what it is',
    (payload) => {
      for (const size of [50, 51, 200]) {
        const text = payloadOf(options({ payload, size }), 0, undefined, 0);
        expect(Buffer.byteLength(text)).toBe(size);
        const parsed = JSON.parse(text) as unknown;
        if (typeof parsed === 'object' && !Array.isArray(parsed)) expect(parsed).toMatchObject(payload as object);
        else expect(parsed).toEqual(payload);
      }
    },
  );

  it('is not cut', () => {
    expect(payloadOf(options({ payload: { a: 'long enough' }, size: 3 }), 0, undefined, 0)).toBe('{"a":"long enough"}');
  });
});

describe('sending', () => {
  class FakeProducer implements DriverProducer {
    readonly sent: OutgoingRecord[] = [];
    readonly connect = (): Promise<void> => Promise.resolve();
    readonly close = (): Promise<void> => Promise.resolve();
    async send(records: readonly OutgoingRecord[]): Promise<[]> {
      this.sent.push(...records);
      return [];
    }
  }

  it('sends as many as asked for and counts them', async () => {
    const producer = new FakeProducer();
    const given = options({ records: 2500, keys: 3, payload: 'x' });
    const sent = await sendAll(producer, given, () => undefined, new AbortController().signal);
    expect(producer.sent.length).toBe(2500);
    expect(sent).toMatchObject({ records: 2500, bytes: 2500 * 3 });
    expect(sent.hottest?.records).toBeGreaterThan(700);
  });

  it('keeps to the rate, and ends when told to', async () => {
    const producer = new FakeProducer();
    const stop = new AbortController();
    const given = options({ records: 1_000_000, rate: 10 });
    const sent = await sendAll(producer, given, () => stop.abort(), stop.signal);
    // The first is due at once; ten a second are nowhere near a hundred in the moment this takes.
    expect(sent.records).toBeGreaterThan(0);
    expect(sent.records).toBeLessThan(100);
  });
});
