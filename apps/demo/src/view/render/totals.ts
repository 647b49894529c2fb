import { bar, sparkline } from '../bars.js';
import { ago, count, plural } from '../format.js';
import { right, span, width, type Line } from '../text.js';
import type { ViewState } from '../view-state.js';

const SPARK_COLUMNS = 24;

/** How fast, how many, and what went wrong. */
export function renderTotals(state: ViewState, columns: number): readonly Line[] {
  const throughput: Line = [
    span(' throughput ', 'dim'),
    span(sparkline(state.history, SPARK_COLUMNS), 'cyan'),
    right(count(state.rate), 7, 'bold'),
    span('/s'),
    ...number('   lag', state.lag),
    ...number('   failed attempts', state.failedAttempts),
  ];
  const counts: Line = [
    ...number(' produced', state.produced),
    ...number('   finished', state.finished),
    ...number('   again', state.again, 'yellow'),
    ...number('   order broken', state.violations, 'red'),
    ...number('   lost', state.lost, 'red'),
  ];
  return [throughput, counts, ...renderProgress(state, columns), ...renderRebalance(state)];
}

/** `bad`: anything but 0 is, in this colour. */
function number(name: string, value: number, bad?: 'yellow' | 'red'): Line {
  const style = bad === undefined ? 'bold' : value > 0 ? bad : 'green';
  return [span(`${name} `, 'dim'), span(count(value), style)];
}

function renderProgress({ progress }: ViewState, columns: number): readonly Line[] {
  if (progress === undefined) return [];
  const share = progress.of === 0 ? 1 : progress.done / progress.of;
  const head = span(' progress   ', 'dim');
  const tail = span(`  ${Math.floor(share * 100)} %  ${count(progress.done)} of ${plural(progress.of, 'order')} `);
  return [[head, ...bar(share, Math.max(10, columns - width([head, tail])), 'green'), tail]];
}

function renderRebalance({ rebalance }: ViewState): readonly Line[] {
  if (rebalance === undefined) return [];
  const { agoMs, member, generation, durationMs, assigned, revoked, kept } = rebalance;
  return [
    [
      span(' rebalance  ', 'dim'),
      span(`${ago(agoMs)}: generation ${generation} in ${count(durationMs)} ms`),
      span(`   member ${member} got ${assigned}, gave ${revoked}, kept ${kept}`, 'dim'),
    ],
  ];
}
