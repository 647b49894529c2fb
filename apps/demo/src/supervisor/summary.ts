import type { Verdict } from '../ledger/ledger.js';
import type { DrainNote } from '../member/protocol.js';
import { count, plural } from '../view/format.js';

/** What the summary is made of. */
export interface SummarySource {
  readonly verdict: Verdict;
  readonly drains: readonly DrainNote[];
  readonly drainMs: number;
  /** Members that died, by number. */
  readonly killed: readonly number[];
  /** Why the run ended before its time; undefined where it did not. */
  readonly reason: string | undefined;
  readonly prefix: string;
}

const COLUMNS = ['topic', 'produced', 'finished', 'committed', 'ahead', 'left', 'again', 'lost', 'order broken'];

/** The end of a run in words and numbers. The last line is for machines as well. */
export function renderSummary(source: SummarySource): readonly string[] {
  const { verdict, reason, prefix } = source;
  const rows = verdict.topics.map((topic) => [
    topic.topic.slice(prefix.length),
    ...[
      topic.produced,
      topic.finished,
      topic.committed,
      topic.ahead,
      topic.left,
      topic.again,
      topic.lost,
      topic.violations,
    ].map(count),
  ]);
  return [
    ...(reason === undefined ? [] : [reason]),
    ...drainLine(source),
    '',
    ...table([COLUMNS, ...rows]),
    '',
    ...remarks(source),
    ...verdict.findings.map((finding) => `  ! ${finding}`),
    totals(source),
  ];
}

function drainLine({ drains, drainMs }: SummarySource): readonly string[] {
  if (drains.length === 0) return [];
  const finished = drains.reduce((sum, note) => sum + note.finished, 0);
  const left = drains.reduce((sum, note) => sum + note.left, 0);
  const behind = left === 0 ? 'none was left behind' : `${count(left)} still ran when the time was up`;
  return [`Drained in ${count(drainMs)} ms: ${plural(finished, 'running handler')} finished, ${behind}.`];
}

function remarks({ verdict, killed }: SummarySource): readonly string[] {
  const lines: string[] = [];
  const ahead = verdict.topics.reduce((sum, topic) => sum + topic.ahead, 0);
  if (ahead > 0) {
    // A member that died took what it had finished since its last commit with it.
    const known =
      killed.length === 0
        ? 'the commit names them, none comes again'
        : 'what the last commits name does not come again';
    lines.push(`Ahead: ${plural(ahead, 'record')} finished above the committed offsets; ${known}.`);
  }
  if (killed.length > 0) {
    const who = `${killed.length === 1 ? 'Member' : 'Members'} ${killed.join(', ')} died`;
    lines.push(`${who}; ${plural(verdict.again, 'record')} came again, as at-least-once says.`);
  }
  if (verdict.unexplained > 0)
    lines.push(`${plural(verdict.unexplained, 'record')} came again though nobody had died.`);
  if (verdict.incomplete > 0) lines.push(`${plural(verdict.incomplete, 'order')} did not get through every topic.`);
  return lines;
}

function totals({ verdict, drainMs, reason }: SummarySource): string {
  const sum = (pick: (topic: Verdict['topics'][number]) => number): number =>
    verdict.topics.reduce((total, topic) => total + pick(topic), 0);
  return [
    `summary: ${verdict.ok ? (reason === undefined ? 'ok' : 'UNFINISHED') : 'BROKEN'}`,
    `finished ${sum((topic) => topic.finished)}`,
    `committed ${sum((topic) => topic.committed)}`,
    `left ${sum((topic) => topic.left)}`,
    `again ${verdict.again}`,
    `lost ${verdict.lost}`,
    `order broken ${verdict.violations}`,
    `drained in ${Math.round(drainMs)} ms`,
  ].join(', ');
}

/** The first column to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
}
