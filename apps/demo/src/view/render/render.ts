import { clip, paint, span, type Line } from '../text.js';
import type { Size, ViewState, WorkerView } from '../view-state.js';
import { renderHeader } from './header.js';
import { renderMembers } from './members.js';
import { renderTotals } from './totals.js';
import { partitionHeads, renderPartition, renderRest, renderWorker } from './workers.js';

/** Narrower terminals get these columns cut off at their edge. */
const LEAST_COLUMNS = 80;
const EMPTY: Line = [span('')];

/**
 * The whole view as lines. They are never more than `rows`: empty lines go first, then the heads of the columns, then
 * the partitions with the least to do.
 */
export function render(state: ViewState, { columns, rows }: Size): readonly Line[] {
  const drawn = Math.max(LEAST_COLUMNS, columns);
  const head = renderHeader(state, drawn);
  const members = renderMembers(state.members, drawn);
  const totals = renderTotals(state, drawn);
  const full = state.workers.flatMap((worker) => [
    EMPTY,
    renderWorker(worker, drawn),
    partitionHeads(),
    ...all(worker, drawn),
  ]);
  const airy = [...head, ...members, ...full, EMPTY, ...totals];
  const lines =
    airy.length <= rows
      ? airy
      : [...head, ...members, ...tight(state, drawn, rows - head.length - members.length - totals.length), ...totals];
  return lines.slice(0, rows).map((line) => clip(line, columns));
}

/** The same as text, for the terminal. */
export function renderText(state: ViewState, size: Size, color: boolean): readonly string[] {
  return render(state, size).map((line) => paint(line, color));
}

/** Workers and partitions in so many rows, if that can be. */
function tight({ workers }: ViewState, columns: number, rows: number): readonly Line[] {
  const partitions = workers.reduce((sum, worker) => sum + worker.partitions.length, 0);
  const heads = rows >= workers.length + 1 + partitions ? [partitionHeads()] : [];
  let shown = Math.max(0, ...workers.map((worker) => worker.partitions.length));
  const lines = (): readonly Line[] => [
    ...heads,
    ...workers.flatMap((worker) => [renderWorker(worker, columns), ...some(worker, columns, shown)]),
  ];
  while (shown > 0 && lines().length > rows) shown--;
  return lines();
}

function all({ partitions }: WorkerView, columns: number): readonly Line[] {
  return partitions.map((partition) => renderPartition(partition, columns));
}

/** The partitions with the largest lag, in their own order. */
function some(worker: WorkerView, columns: number, shown: number): readonly Line[] {
  const { partitions } = worker;
  if (partitions.length <= shown) return all(worker, columns);
  if (shown <= 1) return shown === 0 ? [] : [renderRest(partitions)];
  const chosen = new Set([...partitions].sort((a, b) => b.lag - a.lag).slice(0, shown - 1));
  const kept = partitions.filter((partition) => chosen.has(partition));
  const rest = partitions.filter((partition) => !chosen.has(partition));
  return [...kept.map((partition) => renderPartition(partition, columns)), renderRest(rest)];
}
