import type { AttemptOf, JournalEvent } from './journal-events.js';

/** One attempt at one record, from its start to its end. */
export interface Run extends AttemptOf {
  readonly member: string;
  readonly startedAt: number;
  /** Undefined while it runs. */
  readonly endedAt: number | undefined;
  /** `cut`: its process has ended, and nobody knows how far it was. */
  readonly outcome: 'running' | 'done' | 'failed' | 'cut';
}

/** Attempts in the order of their start. */
export function runsOf(events: readonly JournalEvent[]): Run[] {
  const runs: Run[] = [];
  const open = new Map<string, number>();
  for (const event of events) {
    if (event.type === 'exited') {
      runs.forEach((run, index) => {
        if (run.member !== event.member || run.outcome !== 'running') return;
        runs[index] = { ...run, endedAt: event.at, outcome: 'cut' };
      });
    }
    if (event.type !== 'start' && event.type !== 'end') continue;
    const { at, type: _type, outcome, ...of } = { outcome: undefined, ...event };
    const name = `${of.member} ${of.groupId} ${recordName(of)} ${of.attempt}`;
    if (event.type === 'start') {
      open.set(name, runs.length);
      runs.push({ ...of, startedAt: at, endedAt: undefined, outcome: 'running' });
      continue;
    }
    const index = open.get(name);
    const begun = index === undefined ? undefined : runs[index];
    if (index === undefined || begun === undefined || outcome === undefined) continue;
    runs[index] = { ...begun, endedAt: at, outcome };
    open.delete(name);
  }
  return runs.sort((a, b) => a.startedAt - b.startedAt);
}

/** `partition/offset`. */
export function recordName({ partition, offset }: { readonly partition: number; readonly offset: number }): string {
  return `${partition}/${offset}`;
}

/** The most that ran at once. Given `of`, the most different values of it: partitions at once, keys at once. */
export function atOnce(runs: readonly Run[], of?: (run: Run) => string | number): number {
  let most = 0;
  for (const { startedAt } of runs) {
    const then = runs.filter((run) => run.startedAt <= startedAt && (run.endedAt ?? Infinity) > startedAt);
    most = Math.max(most, of ? new Set(then.map(of)).size : then.length);
  }
  return most;
}

/** Records that began before one ahead of them in their lane had ended, or after one behind them had begun. */
export function outOfOrder(runs: readonly Run[], laneOf: (run: Run) => string | number): string[] {
  const wrong: string[] = [];
  const last = new Map<string | number, Run>();
  for (const run of runs) {
    const before = last.get(laneOf(run));
    const overlaps = before !== undefined && (before.endedAt ?? Infinity) > run.startedAt;
    const behind = before !== undefined && before.partition === run.partition && before.offset > run.offset;
    if (overlaps || behind) wrong.push(recordName(run));
    last.set(laneOf(run), run);
  }
  return wrong;
}

/** Records that were begun more than once, retries left out: each of them was delivered again. */
export function redelivered(runs: readonly Run[]): string[] {
  const first = runs.filter(({ attempt }) => attempt === 1);
  const seen = new Map<string, number>();
  for (const run of first) {
    const name = `${run.groupId} ${recordName(run)}`;
    seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  return [...seen].filter(([, count]) => count > 1).map(([name]) => name.split(' ')[1] as string);
}

/** Records that were done more than once. */
export function doneTwice(runs: readonly Run[]): string[] {
  return redelivered(runs.filter(({ outcome }) => outcome === 'done'));
}
