import type { CellRuns } from '../cells/cell.js';
import type { RunResult } from '../run/job.js';
import { isMet, rate, type Bar } from './bars.js';
import { figure, figures } from './figures.js';
import { median, spread } from './statistics.js';
import { table } from './table.js';

const HEADS = [
  'subject',
  'records/s, median (min–max)',
  'handled s',
  'committed s',
  'handler ms',
  'start s',
  'CPU s',
  'RSS MiB',
  'other cores',
];

/** The medians of a cell. */
export function runsTable(runs: CellRuns): string {
  const rows = [...runs].map(([name, results]) => {
    const middle = (value: (run: RunResult) => number): number => median(results.map(value));
    const committed = results.flatMap(({ committedMs }) => committedMs ?? []);
    const handlerMs = middle((run) => run.handlerMs);
    return [
      name,
      figures(spread(results.map(rate))),
      figure(middle((run) => run.handledMs) / 1000, 2),
      committed.length === results.length ? figure(median(committed) / 1000, 2) : '-',
      handlerMs > 0 ? figure(handlerMs, 2) : '-',
      figure(middle((run) => run.startMs) / 1000, 2),
      figure(middle((run) => run.cpuMs) / 1000, 2),
      figure(middle((run) => run.rssMb)),
      figure(
        middle((run) => run.otherCores),
        2,
      ),
    ];
  });
  return table(HEADS, rows);
}

/** How the figures stand to what they are held against. */
export function barsTable(bars: readonly Bar[]): string {
  const rows = bars.map((bar) => {
    const [scale, decimals, sign] = bar.unit === 'percent' ? [100, 1, '%'] : [1, 2, '×'];
    return [
      bar.text,
      `${figures(bar.value, decimals, scale)} ${sign}`,
      `≥ ${figure(bar.least * scale, Number.isInteger(bar.least * scale) ? 0 : 1)} ${sign}`,
      isMet(bar) ? 'met' : 'below',
    ];
  });
  return table(['ratio', 'median (min–max)', 'bar', ''], rows);
}

/** What checked runs have found. */
export function findingsTable(runs: CellRuns): string {
  const rows = [...runs].flatMap(([name, results]) =>
    results.flatMap(({ findings }) =>
      findings === undefined
        ? []
        : [[name, figure(findings.missing), figure(findings.duplicates), figure(findings.violations)]],
    ),
  );
  return table(['subject', 'missing', 'handled twice', 'out of order'], rows);
}
