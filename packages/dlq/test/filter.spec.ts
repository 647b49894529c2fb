import { ConfigurationError, type KafkaRecord } from '@kafka-worker/engine';
import { describe, expect, it } from '@jest/globals';
import { toDeadLetter } from '../src/letters/dead-letter.js';
import { compileFilter, type DeadLetterFilter } from '../src/letters/filter.js';
import { FAILED_AT, letter, type LetterOptions } from './support/letters.js';

function stored(options: LetterOptions, offset = 0): KafkaRecord {
  const { partition = 0, key, value, headers = {} } = letter('orders.dlq', options);
  return {
    topic: 'orders.dlq',
    partition,
    offset,
    timestamp: FAILED_AT,
    key: key as Buffer | null,
    value: value as Buffer | null,
    headers,
  };
}

function matches(filter: DeadLetterFilter, record: KafkaRecord): boolean {
  return compileFilter(filter)(toDeadLetter(record), record);
}

const record = stored(
  {
    at: 3,
    from: { topic: 'orders', partition: 1, offset: 77 },
    key: 'customer-1',
    group: 'shop',
    worker: 'Orders#on',
    error: new TypeError('the line timed out'),
    failedAt: 5_000,
  },
  17,
);
const foreign: KafkaRecord = { ...record, headers: { own: 'x' } };

const cases: [DeadLetterFilter, DeadLetterFilter][] = [
  [{ partition: 3 }, { partition: 1 }],
  [{ offsets: { from: 17, to: 17 } }, { offsets: { to: 16 } }],
  [{ offsets: { from: 10 } }, { offsets: { from: 18 } }],
  [{ key: 'customer-1' }, { key: 'customer-2' }],
  [{ key: Buffer.from('customer-1') }, { key: Buffer.from('customer') }],
  [{ fromTopic: 'orders' }, { fromTopic: 'orders.dlq' }],
  [{ fromPartition: 1 }, { fromPartition: 3 }],
  [{ fromOffsets: { from: 77, to: 80 } }, { fromOffsets: { from: 17, to: 17 } }],
  [{ group: 'shop' }, { group: 'sho' }],
  [{ worker: 'Orders#on' }, { worker: 'Orders' }],
  [{ error: 'TypeError' }, { error: 'Error' }],
  [{ error: /timed out$/ }, { error: /^timed out/ }],
  [{ error: /TIMED/i }, { error: /TIMED/ }],
  [{ since: 5_000 }, { since: 5_001 }],
  [{ until: 5_001 }, { until: 5_000 }],
];

describe('a filter', () => {
  it.each(cases)('%o takes it, %o does not', (takes, leaves) => {
    expect(matches(takes, record)).toBe(true);
    expect(matches(leaves, record)).toBe(false);
  });

  it('matches everything when it is empty', () => {
    expect([record, foreign].map((one) => matches({}, one))).toEqual([true, true]);
  });

  it('has all of its conditions met or does not match', () => {
    expect(matches({ partition: 3, fromTopic: 'orders', error: 'TypeError' }, record)).toBe(true);
    expect(matches({ partition: 3, fromTopic: 'orders', error: 'RangeError' }, record)).toBe(false);
  });

  it('that asks for the origin or the failure matches no foreign record', () => {
    expect(matches({ partition: 3, key: 'customer-1' }, foreign)).toBe(true);
    for (const filter of [
      { fromTopic: 'orders' },
      { since: 0 },
      { until: 9e15 },
      { error: /./ },
      { fromOffsets: {} },
    ]) {
      expect(matches(filter, foreign)).toBe(false);
    }
  });

  it('asks a global expression the same each time', () => {
    const filter = compileFilter({ error: /timed/g });
    expect([1, 2, 3].map(() => filter(toDeadLetter(record), record))).toEqual([true, true, true]);
  });

  it('names everything that cannot be meant', () => {
    const wrong = { partition: -1, offsets: { from: 5, to: 4 }, since: 10, until: 10 };
    expect(() => compileFilter(wrong)).toThrow(ConfigurationError);
    try {
      compileFilter(wrong);
    } catch (error) {
      const { mistakes } = error as ConfigurationError;
      expect(mistakes.map(({ option }) => option)).toEqual(['partition', 'offsets', 'until']);
    }
  });
});

describe('a dead letter', () => {
  it('says where it came from, what it failed with and how large it is', () => {
    expect(toDeadLetter(record)).toMatchObject({
      topic: 'orders.dlq',
      partition: 3,
      offset: 17,
      origin: {
        topic: 'orders',
        partition: 1,
        offset: 77,
        timestamp: FAILED_AT - 60_000,
        group: 'shop',
        worker: 'Orders#on',
        attempts: 3,
        failedAt: 5_000,
        errorClass: 'TypeError',
        errorMessage: 'the line timed out',
      },
      sizes: { key: 10, value: 5 },
    });
    expect(toDeadLetter({ ...foreign, key: null, value: null })).toMatchObject({
      origin: undefined,
      sizes: { key: null, value: null, headers: 4 },
    });
  });
});
