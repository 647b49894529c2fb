import { describe, expect, it } from '@jest/globals';
import { ORIGIN_HEADERS, readOrigin, type KafkaRecord, type RecordHeaders } from '../src/index.js';
import { failureHeaders, readDelaysUsed, readDueAt, withoutOriginHeaders } from '../src/delivery/origin-headers.js';

const record = (headers: RecordHeaders = {}): KafkaRecord => ({
  topic: 't',
  partition: 3,
  offset: 42,
  timestamp: 1_000,
  key: null,
  value: null,
  headers,
});
const failure = (error: Error) => ({ error, attempts: 3, worker: 'w', groupId: 'g' });
const include = { message: true, stack: true };

describe('origin headers', () => {
  it('say where a record came from, and are read back', () => {
    const headers = failureHeaders(record(), {
      failure: failure(new Error('no')),
      origin: undefined,
      now: 5_000,
      include,
    });
    expect(readOrigin(record(headers))).toEqual({
      topic: 't',
      partition: 3,
      offset: 42,
      timestamp: 1_000,
      attempts: 3,
      firstFailedAt: 5_000,
    });
  });

  it('keep the first origin and the first failure over further stages', () => {
    const origin = { topic: 'first', partition: 0, offset: 7, timestamp: 10, attempts: 3, firstFailedAt: 20 };
    const headers = failureHeaders(record(), { failure: failure(new Error('no')), origin, now: 5_000, include });
    expect(headers).toMatchObject({
      [ORIGIN_HEADERS.topic]: 'first',
      [ORIGIN_HEADERS.offset]: '7',
      [ORIGIN_HEADERS.firstFailedAt]: '20',
      [ORIGIN_HEADERS.failedAt]: '5000',
    });
  });

  it('are bounded, whatever the error holds', () => {
    const error = Object.assign(new Error('x'.repeat(100_000)), { stack: 'y'.repeat(100_000) });
    const headers = failureHeaders(record(), { failure: failure(error), origin: undefined, now: 0, include });
    expect(headers[ORIGIN_HEADERS.errorMessage]).toHaveLength(1_024);
    expect(headers[ORIGIN_HEADERS.errorStack]).toHaveLength(4_096);
  });

  it('are text, also of an error whose texts are none', () => {
    const error = Object.assign(new Error('x'), {
      message: { code: 5 },
      stack: 7,
      name: Symbol('odd'),
    }) as unknown as Error;
    const headers = failureHeaders(record(), { failure: failure(error), origin: undefined, now: 0, include });
    for (const value of Object.values(headers)) expect(typeof value).toBe('string');
  });

  it('name the class of an error that has no name of its own', () => {
    class Odd extends Error {}
    const headers = (error: Error) =>
      failureHeaders(record(), { failure: failure(error), origin: undefined, now: 0, include })[
        ORIGIN_HEADERS.errorClass
      ];
    expect([headers(new Odd()), headers(new TypeError()), headers(new Error())]).toEqual(['Odd', 'TypeError', 'Error']);
  });

  it.each([
    ['nothing', {}],
    ['no offset', { [ORIGIN_HEADERS.topic]: 't', [ORIGIN_HEADERS.partition]: '1' }],
    [
      'words for numbers',
      { [ORIGIN_HEADERS.topic]: 't', [ORIGIN_HEADERS.partition]: '1', [ORIGIN_HEADERS.offset]: 'one' },
    ],
    [
      'a negative offset',
      { [ORIGIN_HEADERS.topic]: 't', [ORIGIN_HEADERS.partition]: '1', [ORIGIN_HEADERS.offset]: '-1' },
    ],
  ])('that say %s are no origin', (_, headers) => {
    expect(readOrigin(record(headers))).toBeUndefined();
  });

  it('count the last of several values', () => {
    const headers = { [ORIGIN_HEADERS.dueAt]: [Buffer.from('1'), Buffer.from('2')], [ORIGIN_HEADERS.delaysUsed]: '4' };
    expect([readDueAt(record(headers)), readDelaysUsed(record(headers))]).toEqual([2, 4]);
    expect([readDueAt(record()), readDelaysUsed(record())]).toEqual([undefined, 0]);
  });

  it('can be taken off, and only they', () => {
    const own = { a: 'x', 'kafka-worker-other': 'y', b: [Buffer.from('1')] };
    const ours = Object.fromEntries(Object.values(ORIGIN_HEADERS).map((name) => [name, 'z']));
    expect(withoutOriginHeaders({ ...own, ...ours })).toEqual(own);
  });
});
