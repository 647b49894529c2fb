import { describe, expect, it } from '@jest/globals';
import { W1 } from '../src/cells/w1.js';
import { W2 } from '../src/cells/w2.js';
import { W3 } from '../src/cells/w3.js';
import { isMet } from '../src/report/bars.js';
import { barsTable, findingsTable, runsTable } from '../src/report/cell-report.js';
import { table } from '../src/report/table.js';
import type { RunResult } from '../src/run/job.js';

function result(given: Partial<RunResult>): RunResult {
  return {
    records: 1000,
    handledMs: 100,
    committedMs: undefined,
    startMs: 300,
    stopMs: 10,
    handlerMs: 0,
    hottestKeyMs: undefined,
    cpuMs: 90,
    otherCores: 0.2,
    rssMb: 150,
    findings: undefined,
    ...given,
  };
}

const SHAPE = { perPartition: [200, 300, 250, 250], hottestKey: { key: 'key-0000000', records: 180 } };

describe('table', () => {
  it('aligns columns, the first to the left', () => {
    expect(
      table(
        ['a', 'n'],
        [
          ['one', '1'],
          ['three', '1,000'],
        ],
      ).split('\n'),
    ).toEqual(['| a     |     n |', '| ----- | ----: |', '| one   |     1 |', '| three | 1,000 |']);
  });
});

describe('bars', () => {
  it('compare rates of what was run, and leave out the rest', () => {
    const runs = new Map([
      ['raw-batch', [result({ handledMs: 100 })]],
      ['engine-key', [result({ handledMs: 110 })]],
    ]);
    const bars = W1.bars(runs, SHAPE);
    expect(bars.map(({ text }) => text)).toEqual(['engine-key against raw-batch']);
    expect(bars[0]?.value.median).toBeCloseTo(100 / 110);
    expect(bars.every(isMet)).toBe(true);
    expect(barsTable(bars)).toContain('90.9 (90.9–90.9) % | ≥ 80 % | met');
  });

  it('hold a run against what its own handlers leave possible', () => {
    // 1,000 records at 100 at once, 5.5 ms each: 55 ms; the longest partition: 300 × 5.5 ms = 1,650 ms
    const runs = new Map([
      ['engine-key', [result({ handledMs: 55 / 0.96, handlerMs: 5.5 })]],
      ['engine-partition', [result({ handledMs: 1650 / 0.98, handlerMs: 5.5 })]],
    ]);
    const bars = W2.bars(runs, SHAPE);
    expect(bars.map(({ value }) => value.median.toFixed(2))).toEqual(['0.96', '0.98']);
    expect(bars.map(isMet)).toEqual([false, true]);
  });

  it('take the hottest key for the bound where it is the longer way', () => {
    const runs = new Map([['worker-key', [result({ handledMs: 1000, handlerMs: 6, hottestKeyMs: 5 })]]]);
    expect(W3.bars(runs, SHAPE)[0]?.value.median).toBeCloseTo(0.9); // 180 × 5 ms
  });
});

describe('runsTable', () => {
  it('shows medians, and a dash where nothing was measured', () => {
    const runs = new Map([
      ['raw-batch', [100, 200, 400].map((handledMs) => result({ handledMs }))],
      ['engine-key', [result({ committedMs: 120, handlerMs: 5.25 })]],
    ]);
    const [, , raw, engine] = runsTable(runs).split('\n');
    expect(raw).toMatch(/5,000 \(2,500–10,000\) \|\s+0\.20 \|\s+- \|\s+- \|/);
    expect(engine).toMatch(/0\.10 \|\s+0\.12 \|\s+5\.25 \|/);
  });
});

describe('findingsTable', () => {
  it('has a line per checked run', () => {
    const findings = { missing: 0, duplicates: 1200, violations: 3 };
    expect(findingsTable(new Map([['engine-key', [result({ findings })]]]))).toMatch(/0 \|\s+1,200 \|\s+3 \|$/);
  });
});
