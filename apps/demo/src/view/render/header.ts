import { clock } from '../format.js';
import { span, spread, type Line, type Span } from '../text.js';
import type { Phase, ViewState } from '../view-state.js';

const PHASES: Readonly<Record<Phase, Span>> = {
  starting: span('starting', 'yellow'),
  running: span('running', 'green'),
  draining: span('draining', 'yellow'),
};

const HINTS: Readonly<Record<Phase, string>> = {
  starting: 'Ctrl-C ends',
  running: 'Ctrl-C drains',
  draining: 'Ctrl-C again ends at once',
};

/** What runs where, since when. */
export function renderHeader(state: ViewState, columns: number): readonly Line[] {
  const title: Line = [
    span(' kafka-worker demo  ', 'bold'),
    PHASES[state.phase],
    span(`  ${clock(state.elapsedMs)}`),
    span(`  ${state.cluster}  group ${state.group}`, 'dim'),
  ];
  return [spread(title, [span(`${HINTS[state.phase]} `, 'dim')], columns), [span('─'.repeat(columns), 'dim')]];
}
