/** How a piece of text looks. */
export type Style = 'plain' | 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'cyan';

/** A piece of text in one style. Every character is one column wide. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One line of the terminal. */
export type Line = readonly Span[];

const CODES: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '\x1b[1m',
  dim: '\x1b[2m',
  red: '\x1b[31;1m',
  green: '\x1b[32m',
  yellow: '\x1b[33m',
  blue: '\x1b[34m',
  cyan: '\x1b[36m',
};

export function span(text: string, style: Style = 'plain'): Span {
  return { text, style };
}

export function left(text: string, columns: number, style?: Style): Span {
  return span(fit(text, columns).padEnd(columns), style);
}

export function right(text: string | number, columns: number, style?: Style): Span {
  return span(fit(String(text), columns).padStart(columns), style);
}

export function width(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

/** The line with `tail` moved to the right edge; without it where both do not fit. */
export function spread(line: Line, tail: Line, columns: number): Line {
  const gap = columns - width(line) - width(tail);
  return gap < 2 ? clip(line, columns) : [...line, span(' '.repeat(gap)), ...tail];
}

/** What fits into these columns; the cut is marked. */
export function clip(line: Line, columns: number): Line {
  if (width(line) <= columns) return line;
  const clipped: Span[] = [];
  let room = columns - 1;
  for (const { text, style } of line) {
    if (room <= 0) break;
    clipped.push(span(text.slice(0, room), style));
    room -= text.length;
  }
  return [...clipped, span('…', 'dim')];
}

/** The line as the terminal wants it. */
export function paint(line: Line, color: boolean): string {
  if (!color)
    return line
      .map(({ text }) => text)
      .join('')
      .trimEnd();
  return line.map(({ text, style }) => (style === 'plain' ? text : `${CODES[style]}${text}\x1b[0m`)).join('');
}

function fit(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
}
