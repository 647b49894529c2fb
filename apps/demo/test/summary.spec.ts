import { describe, expect, it } from '@jest/globals';
import { Ledger } from '../src/ledger/ledger.js';
import type { PartitionEnds } from '../src/ledger/topic-ledger.js';
import { renderSummary, type SummarySource } from '../src/supervisor/summary.js';

const FINISHED = [0, 1, 2, 4];

/** Offsets 0, 1, 2 and 4 of a log are finished. */
function source(ends: Partial<PartitionEnds>, more: Partial<SummarySource> = {}): SummarySource {
  const ledger = new Ledger({ 'run.orders': 'unordered' });
  for (const offset of FINISHED) {
    ledger.enter(1, {
      kind: 'done',
      topic: 'run.orders',
      partition: 0,
      offset,
      key: 'c-01',
      orderId: offset + 1,
      seq: offset + 1,
    });
  }
  const verdict = ledger.verdict(() => [{ partition: 0, committed: 3, end: 6, ...ends }], undefined);
  const drains = [{ finished: 2, left: 0, durationMs: 40 }];
  return { verdict, drains, drainMs: 51.4, killed: [], reason: undefined, prefix: 'run.', ...more };
}

describe('renderSummary', () => {
  it('says what is finished, committed, ahead and left', () => {
    expect(renderSummary(source({}))).toEqual([
      'Drained in 51 ms: 2 running handlers finished, none was left behind.',
      '',
      'topic   produced  finished  committed  ahead  left  again  lost  order broken',
      'orders         6         4          3      1     2      0     0             0',
      '',
      'Ahead: 1 record finished above the committed offsets; the commit names them, none comes again.',
      'summary: ok, finished 4, committed 3, left 2, again 0, lost 0, order broken 0, drained in 51 ms',
    ]);
  });

  it('calls a run broken that lost a record', () => {
    expect(renderSummary(source({ committed: 5 })).at(-1)).toMatch(/^summary: BROKEN, .* left 1, again 0, lost 1, /);
  });

  it('says why a run ended before its time', () => {
    const lines = renderSummary(source({}, { drains: [], killed: [1], reason: 'No member of the group is left.' }));
    expect(lines[0]).toBe('No member of the group is left.');
    expect(lines.at(-1)).toMatch(/^summary: UNFINISHED, /);
  });
});
