import { describe, expect, it } from '@jest/globals';
import { positionOf } from '../src/store/position.js';

describe('positionOf', () => {
  it.each([
    ['no row', [], undefined],
    ['a claim and nothing else', [{ next: null, low: null, high: null }], undefined],
    ['a frontier', [{ next: '5', low: null, high: null }], { offset: 5, done: [] }],
    ['the frontier 0', [{ next: '0', low: null, high: null }], { offset: 0, done: [] }],
    [
      'runs above it',
      [
        { next: '5', low: '7', high: '9' },
        { next: '5', low: '10', high: '11' },
      ],
      {
        offset: 5,
        done: [
          { from: 7, to: 9 },
          { from: 10, to: 11 },
        ],
      },
    ],
    ['a run that touches it', [{ next: '5', low: '5', high: '9' }], { offset: 9, done: [] }],
    ['runs and no frontier', [{ next: null, low: '7', high: '9' }], { offset: 0, done: [{ from: 7, to: 9 }] }],
    ['a run from 0 and no frontier', [{ next: null, low: '0', high: '9' }], { offset: 9, done: [] }],
  ])('%s', (_what, rows, expected) => expect(positionOf(rows)).toEqual(expected));
});
