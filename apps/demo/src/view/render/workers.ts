import { bar } from '../bars.js';
import { count } from '../format.js';
import { clip, left, right, span, spread, width, type Line, type Span } from '../text.js';
import type { PartitionView, RunningView, WorkerView } from '../view-state.js';

const ORDER: Readonly<Record<string, string>> = {
  serial: 'one at a time',
  partition: 'one lane per partition',
  key: 'one lane per key',
  unordered: 'unordered',
};

const NAME_COLUMNS = 15;
const ORDER_COLUMNS = 24;
const BAR_COLUMNS = 16;

/** Name, order and load of a worker. */
export function renderWorker(worker: WorkerView, columns: number): Line {
  const { running, limit } = worker;
  const line: Line = [
    span(' '),
    left(worker.name, NAME_COLUMNS, 'bold'),
    left(ORDER[worker.concurrency] ?? worker.concurrency, ORDER_COLUMNS, 'cyan'),
    ...bar(limit === 0 ? 0 : running / limit, BAR_COLUMNS, running >= limit ? 'yellow' : 'green'),
    span(` ${String(running).padStart(3)}/${limit}`),
  ];
  const tail = [span('lag ', 'dim'), span(count(worker.lag)), span(`  ${count(worker.rate).padStart(4)}/s `)];
  return spread(line, tail, columns);
}

/** Heads of the columns of {@link renderPartition}. */
export function partitionHeads(): Line {
  return [
    span(
      ['   part', 'owner', '    lag', 'buffered', 'lanes', 'committed', ' frontier', ' running now'].join(' '),
      'dim',
    ),
  ];
}

/** What one partition has waiting, committed and running. */
export function renderPartition(partition: PartitionView, columns: number): Line {
  const owned = partition.owner !== undefined;
  const cells: Line = [
    right(partition.partition, 7),
    right(partition.owner ?? '-', 6, owned ? 'plain' : 'yellow'),
    right(count(partition.lag), 8),
    right(owned ? count(partition.buffered) : '-', 9),
    right(owned ? count(partition.lanes) : '-', 6),
    right(count(partition.committed), 10),
    right(owned ? count(partition.frontier) : '-', 10, partition.frontier > partition.committed ? 'cyan' : 'plain'),
    span('  '),
  ];
  const marks = renderMarks(partition);
  return clip(
    [...cells, ...marks, ...renderRunning(partition.running, columns - width(cells) - width(marks))],
    columns,
  );
}

/** Partitions that there is no room for. */
export function renderRest(partitions: readonly PartitionView[]): Line {
  const lag = partitions.reduce((sum, partition) => sum + partition.lag, 0);
  const running = partitions.reduce((sum, partition) => sum + partition.running.length, 0);
  return [span(`    … ${partitions.length} more partitions, lag ${count(lag)}, running ${running}`, 'dim')];
}

function renderMarks(partition: PartitionView): Line {
  const marks: Span[] = [];
  if (partition.owner === undefined) marks.push(span('no living owner ', 'yellow'));
  if (partition.paused) marks.push(span('paused ', 'yellow'));
  if (partition.draining) marks.push(span('draining ', 'yellow'));
  for (const frozen of partition.frozen) marks.push(span(`frozen: ${frozen} `, 'red'));
  if (partition.waiting > 0) marks.push(span(`↻${partition.waiting} `, 'yellow'));
  return marks;
}

/** As many as there is room for: a key, `×2` from the second attempt on, and for how long. */
function renderRunning(running: readonly RunningView[], columns: number): Line {
  const spans: Span[] = [];
  let room = columns;
  for (const [index, { key, attempt, ageMs }] of running.entries()) {
    const text = `${key}${attempt > 1 ? `×${attempt}` : ''}`;
    const age = ` ${Math.round(ageMs)}ms  `;
    const rest = running.length - index;
    const needed = text.length + age.length + (rest > 1 ? 3 : 0);
    if (needed > room) return [...spans, span(`+${rest}`, 'dim')];
    spans.push(span(text, attempt > 1 ? 'yellow' : 'green'), span(age, 'dim'));
    room -= text.length + age.length;
  }
  return spans;
}
