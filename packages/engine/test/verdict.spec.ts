import { describe, expect, it, jest } from '@jest/globals';
import { judge, type Tried, type Verdict } from '../src/delivery/verdict.js';
import {
  deadLetter,
  DeadLetterError,
  exponential,
  type Backoff,
  type FailurePolicy,
  fixed,
  freeze,
  FreezeError,
  KafkaWorkerError,
  NonRetryableError,
  RetryLaterError,
  retryTopics,
  StoreFailedError,
  skip,
  SkipRecordError,
  type KafkaRecord,
} from '../src/index.js';

const record: KafkaRecord = { topic: 't', partition: 0, offset: 0, timestamp: 0, key: null, value: null, headers: {} };
const plain = new Error('no');
const frozen = { type: 'freeze', policy: freeze(), reason: 'attempts' };
const tried = (attempt: number, delaysUsed = 0, ageMs = 0): Tried => ({ attempt, delaysUsed, ageMs });
const retry = { attempts: 3, backoff: fixed(70), retryIf: undefined };
const thrower = (): never => {
  throw new Error('user code');
};

describe('the verdict', () => {
  it.each([
    ['a first failure', plain, 1, {}, { type: 'retry', delayMs: 70, counts: true }],
    ['the last but one', plain, 2, {}, { type: 'retry', delayMs: 70, counts: true }],
    ['the last', plain, 3, {}, frozen],
    ['one beyond', plain, 9, {}, frozen],
    ['a single attempt', plain, 1, { attempts: 1 }, frozen],
    ['retryIf false', plain, 1, { retryIf: () => false }, frozen],
    ['retryIf that throws', plain, 1, { retryIf: thrower }, frozen],
    ['backoff that throws', plain, 1, { backoff: thrower }, { type: 'retry', delayMs: 0, counts: true }],
    ['backoff below 0', plain, 1, { backoff: fixed(-1) }, { type: 'retry', delayMs: 0, counts: true }],
    ['backoff NaN', plain, 1, { backoff: fixed(NaN) }, { type: 'retry', delayMs: 0, counts: true }],
    [
      'backoff without end',
      plain,
      1,
      { backoff: fixed(Infinity) },
      { type: 'retry', delayMs: 2 ** 31 - 1, counts: true },
    ],
    ['NonRetryableError', new NonRetryableError(), 1, {}, frozen],
    ['a record that cannot be decoded', new KafkaWorkerError('DESERIALIZE', 'x'), 1, {}, frozen],
    ['a record that has no lane', new KafkaWorkerError('ORDER_BY', 'x'), 1, {}, frozen],
    ['a timeout', new KafkaWorkerError('HANDLER_TIMEOUT', 'x'), 1, {}, { type: 'retry', delayMs: 70, counts: true }],
    ['SkipRecordError', new SkipRecordError(), 1, {}, { type: 'skip' }],
    ['SkipRecordError at the last', new SkipRecordError(), 3, {}, { type: 'skip' }],
    [
      'FreezeError of a key',
      new FreezeError('key'),
      1,
      {},
      { type: 'freeze', policy: freeze('key'), reason: 'handler' },
    ],
    ['FreezeError', new FreezeError(), 1, {}, { ...frozen, reason: 'handler' }],
    ['RetryLaterError', new RetryLaterError(9), 1, {}, { type: 'retry', delayMs: 9, counts: false }],
    ['RetryLaterError at the last', new RetryLaterError(9), 3, {}, { type: 'retry', delayMs: 9, counts: false }],
    ['RetryLaterError NaN', new RetryLaterError(NaN), 1, {}, { type: 'retry', delayMs: 0, counts: false }],
  ])('on %s', (_name, error, attempt, more, verdict) => {
    expect(judge(error, tried(attempt), record, { retry: { ...retry, ...more }, onFailure: freeze() })).toEqual(
      verdict,
    );
  });

  it('without attempts left is what onFailure says', () => {
    const last = (onFailure: FailurePolicy): Verdict => judge(plain, tried(3), record, { retry, onFailure });
    expect(last(skip())).toEqual({ type: 'skip' });
    for (const policy of [freeze('key'), freeze()]) {
      expect(last(policy)).toEqual({ type: 'freeze', policy, reason: 'attempts' });
    }
    const policy = deadLetter({ topic: 'd' });
    expect(last(policy)).toEqual({ type: 'dead-letter', policy });
  });

  it('asks retryIf and backoff with all there is, and backoff only where there is another attempt', () => {
    const retryIf = jest.fn<(error: Error, record: KafkaRecord) => boolean>(() => true);
    const backoff = jest.fn<Backoff>(() => 5);
    judge(plain, tried(2), record, { retry: { attempts: 3, retryIf, backoff }, onFailure: skip() });
    expect(retryIf).toHaveBeenCalledWith(plain, record);
    expect(backoff).toHaveBeenCalledWith(2, plain, record);
    judge(plain, tried(3), record, { retry: { attempts: 3, retryIf, backoff }, onFailure: skip() });
    expect(backoff).toHaveBeenCalledTimes(1);
  });
});

describe('the verdict with retry topics', () => {
  const then = deadLetter({ topic: 'd' });
  const onFailure = retryTopics([1_000, 60_000], then, { maxAgeMs: 61_000 });
  const verdict = (error: Error, ...args: Parameters<typeof tried>): Verdict =>
    judge(error, tried(...args), record, { retry, onFailure });

  it.each<[string, Error, Parameters<typeof tried>, object]>([
    ['attempts left', plain, [2], { type: 'retry', delayMs: 70, counts: true }],
    ['none left', plain, [3], { type: 'retry-topic', delayMs: 1_000, delaysUsed: 1 }],
    ['none left after the first delay', plain, [3, 1, 1_000], { type: 'retry-topic', delayMs: 60_000, delaysUsed: 2 }],
    ['an age that the next delay would pass', plain, [3, 1, 1_001], { type: 'dead-letter', policy: then }],
    ['every delay used', plain, [3, 2], { type: 'dead-letter', policy: then }],
    ['nothing that a delay could mend', new NonRetryableError(), [1], { type: 'dead-letter', policy: then }],
    ['DeadLetterError', new DeadLetterError(), [1], { type: 'dead-letter', policy: then }],
  ])('and %s', (_name, error, args, expected) => {
    expect(verdict(error, ...args)).toEqual(expected);
  });

  it('DeadLetterError where there is no dead-letter topic is what onFailure says', () => {
    expect(judge(new DeadLetterError(), tried(1), record, { retry, onFailure: skip() })).toEqual({ type: 'skip' });
  });

  it('an error of a store waits and counts for nothing', () => {
    expect(verdict(new StoreFailedError('away'), 3)).toEqual({ type: 'retry', delayMs: 1_000, counts: false });
  });
});

describe('exponential backoff', () => {
  const waits = (options: Parameters<typeof exponential>[0], count: number): number[] =>
    Array.from({ length: count }, (_, i) => exponential(options)(i + 1, plain, record));

  it('grows by the factor up to the most', () => {
    expect(waits({ initialMs: 100, factor: 3, maxMs: 2_000, jitter: 0 }, 5)).toEqual([100, 300, 900, 2_000, 2_000]);
    expect(waits({ jitter: 0 }, 9)).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000]);
    expect(exponential({ jitter: 0 })(5_000, plain, record)).toBe(30_000);
  });

  it('is shortened by up to jitter of itself', () => {
    expect(waits({ initialMs: 1_000, jitter: 0.5, random: () => 0 }, 1)).toEqual([1_000]);
    expect(waits({ initialMs: 1_000, jitter: 0.5, random: () => 0.999999 }, 1)).toEqual([500]);
    for (const wait of waits({ initialMs: 1_000, factor: 1 }, 50)) {
      expect(wait).toBeGreaterThanOrEqual(800);
      expect(wait).toBeLessThanOrEqual(1_000);
    }
  });
});
