import type { Run } from './runs.js';

const WIDTH = 76;

/** How a timeline is drawn. */
export interface TimelineOptions {
  /** What a line stands for: a key, a partition, a member. */
  readonly line: (run: Run) => string;
  /** What stands in a run's block, over and over. Default: the last digit of its offset. */
  readonly mark?: (run: Run) => string;
}

/**
 * Who ran when: a line for each lane, a block for each attempt, time from left to right. What runs at once in one line
 * gets further lines; an attempt that failed ends in `!`, one that never ended in `…`.
 */
export function drawTimeline(runs: readonly Run[], options: TimelineOptions): string[] {
  if (runs.length === 0) return ['(nothing ran)'];
  const { line, mark = ({ offset }) => String(offset % 10) } = options;
  const start = Math.min(...runs.map(({ startedAt }) => startedAt));
  const end = Math.max(...runs.map(({ startedAt, endedAt }) => endedAt ?? startedAt));
  const column = (at: number): number => Math.floor(((at - start) / Math.max(end - start, 1)) * (WIDTH - 1));

  const lines = new Map<string, Run[]>();
  for (const run of [...runs].sort((a, b) => (line(a) < line(b) ? -1 : line(a) > line(b) ? 1 : 0))) {
    lines.set(line(run), [...(lines.get(line(run)) ?? []), run]);
  }
  const margin = Math.max(...[...lines.keys()].map((label) => label.length));
  const drawn = [...lines].flatMap(([label, ofLine]) =>
    tracks(ofLine).map((track, index) => {
      const cells = Array.from({ length: WIDTH }, () => ' ');
      for (const run of track) {
        const first = column(run.startedAt);
        const last = Math.max(first, column(run.endedAt ?? end) - 1);
        cells.fill(mark(run), first, last + 1);
        if (run.outcome === 'failed') cells[last] = '!';
        if (run.outcome === 'running' || run.outcome === 'cut') cells[last] = '…';
      }
      return `${(index === 0 ? label : '').padEnd(margin)} │${cells.join('').trimEnd()}`;
    }),
  );
  const ms = `${Math.round(end - start)} ms`;
  return [...drawn, `${' '.repeat(margin)} └0${ms.padStart(WIDTH - 1)}`];
}

/** Runs put on as few tracks as it takes for none to lie over another. */
function tracks(runs: readonly Run[]): Run[][] {
  const found: Run[][] = [];
  for (const run of runs) {
    const free = found.find((track) => (track.at(-1)?.endedAt ?? Infinity) <= run.startedAt);
    if (free) free.push(run);
    else found.push([run]);
  }
  return found;
}
