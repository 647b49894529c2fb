import { describe, expect, it } from '@jest/globals';
import { type FetchedRecord, withoutAborted } from '../src/index.js';

function record(offset: number, producerId: string, control?: 'abort' | 'commit'): FetchedRecord {
  return {
    offset: String(offset),
    key: control === undefined ? null : Buffer.from([0, 0, 0, control === 'abort' ? 0 : 1]),
    value: null,
    isControlRecord: control !== undefined,
    batchContext: { producerId, inTransaction: producerId !== '-1' },
  };
}

function offsets(records: readonly FetchedRecord[], aborted: readonly [string, number][]): number[] {
  const list = aborted.map(([producerId, first]) => ({ producerId, firstOffset: String(first) }));
  return withoutAborted(records, list).map(({ offset }) => Number(offset));
}

describe('records without those of aborted transactions', () => {
  it('that ended in another order than they began', () => {
    const log = [record(1, 'a'), record(2, 'b'), record(3, '-1'), record(4, 'b', 'abort'), record(5, 'a', 'abort')];
    expect(
      offsets(log, [
        ['b', 2],
        ['a', 1],
      ]),
    ).toEqual([3]);
  });

  it('that had begun before what was fetched', () => {
    const log = [record(10, 'b'), record(11, 'a'), record(12, 'c'), record(13, 'b', 'abort'), record(14, 'a', 'abort')];
    expect(
      offsets(log, [
        ['b', 2],
        ['a', 1],
      ]),
    ).toEqual([12]);
  });

  it('whose producer goes on', () => {
    const log = [record(1, 'a'), record(2, 'a', 'abort'), record(3, 'a'), record(4, 'a', 'commit'), record(5, 'a')];
    expect(
      offsets(log, [
        ['a', 1],
        ['a', 5],
      ]),
    ).toEqual([3]);
  });
});
