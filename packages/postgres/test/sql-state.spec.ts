import { describe, expect, it } from '@jest/globals';
import { isConflict, isRefusal, sqlStateOf } from '../src/sql/sql-state.js';

describe('sqlStateOf', () => {
  it.each<[string, unknown, string | undefined]>([
    ['an error of the server', { code: '40001' }, '40001'],
    [
      'one that a library has wrapped',
      new Error('query', { cause: new Error('x', { cause: { code: '23505' } }) }),
      '23505',
    ],
    ['one that has a code of its own', { code: 'QUERY_FAILED', cause: { code: '55P03' } }, '55P03'],
    ['an error of the system', { code: 'EPIPE' }, undefined],
    ['another of the system', { code: 'ECONNRESET' }, undefined],
    ['a number', { code: 40001 }, undefined],
    ['nothing', undefined, undefined],
    ['a string', '40001', undefined],
  ])('%s', (_what, error, expected) => expect(sqlStateOf(error)).toBe(expected));

  it('comes to an end where causes go round', () => {
    const error: { cause?: unknown } = {};
    error.cause = error;
    expect(sqlStateOf(error)).toBeUndefined();
  });
});

describe('what a state means', () => {
  it.each([
    ['40001', true, true],
    ['40P01', true, true],
    ['40003', false, false],
    ['23505', false, true],
    ['22003', false, true],
    ['P0001', false, true],
    ['08006', false, false],
    ['25P03', false, false],
    ['53300', false, false],
    ['57P01', false, false],
    ['XX000', false, false],
    [undefined, false, false],
  ])('%s: conflict %s, refusal %s', (state, conflict, refusal) => {
    expect([isConflict(state), isRefusal(state)]).toEqual([conflict, refusal]);
  });
});
