import { span, type Span, type Style } from './text.js';

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const HEIGHTS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** A horizontal bar that is filled to `share` (0 to 1), an eighth of a column at a time. */
export function bar(share: number, columns: number, style: Style): readonly Span[] {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * columns * 8);
  const filled = '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
  return [span(filled, style), span('·'.repeat(columns - filled.length), 'dim')];
}

/** The last values as a row of small columns, the highest of them full. */
export function sparkline(values: readonly number[], columns: number): string {
  const shown = values.slice(-columns);
  const most = Math.max(1, ...shown);
  const drawn = shown.map((value) => HEIGHTS[Math.round((Math.max(0, value) / most) * (HEIGHTS.length - 1))]);
  return drawn.join('').padStart(columns);
}
