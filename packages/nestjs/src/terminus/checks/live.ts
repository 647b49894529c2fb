import type { GroupSnapshot } from '@kafka-worker/engine';
import type { LivenessCause } from '../causes.js';
import type { ConnectionView } from '../connection-view.js';
import type { LivenessOptions } from '../health-options.js';
import { downFor, type Verdict } from '../verdict.js';
import { crashed, disowned } from './crashed.js';

const DEFAULT_STALL_MS = 300_000;
const DEFAULT_LOOP_MS = 60_000;
const DEFAULT_RESTART_MS = 300_000;

/** A handler that has not settled this long after its timeout counts as failed anyhow: see `timeoutMs`. Milliseconds. */
const TIMEOUT_GRACE_MS = 5_000;
/** Where a timeout is set, an attempt that outlives it by this factor was not ended by it. */
const TIMEOUT_FACTOR = 2;

/** Stalled handlers that are named, the oldest ones; the others are counted. */
const NAMED = 20;

/**
 * Down for what a restart of the process mends, and for nothing else: not for a rebalance, a drain, or brokers that do
 * not answer. A shutdown has bounds of its own (`graceMs`, `forceMs`), so that nothing of it is looked at here.
 */
export function live(views: readonly ConnectionView[], options: LivenessOptions): Verdict {
  const running = views.filter(({ state }) => state === 'RUNNING');
  const stalled = running.flatMap((view) => stalledHandlers(view, options)).sort((a, b) => b.ageMs - a.ageMs);
  const causes = running.flatMap((view) =>
    view.snapshot.groups.flatMap((group) => [
      ...gaveUp(view, group, options),
      ...stalledLoop(view, group, options),
      ...disowned(view, group),
    ]),
  );
  const more = stalled.length - NAMED;
  return downFor([...causes, ...stalled.slice(0, NAMED)], more > 0 ? { moreStalledHandlers: more } : {});
}

function gaveUp(view: ConnectionView, group: GroupSnapshot, options: LivenessOptions): LivenessCause[] {
  if (group.state !== 'crashed') return [];
  const cause = crashed(view, group);
  const patienceMs = cause.willRestart ? (options.restartMs ?? DEFAULT_RESTART_MS) : -1;
  return cause.ageMs > patienceMs ? [cause] : [];
}

function stalledLoop(view: ConnectionView, group: GroupSnapshot, options: LivenessOptions): LivenessCause[] {
  const { groupId, state, turnedAt, lastRebalance } = group;
  if (state !== 'joined' || turnedAt === undefined) return [];
  const { loopMs = DEFAULT_LOOP_MS } = options;
  // a loop that waited for a slow join has its time from there on
  const ageMs = view.now - Math.max(turnedAt, lastRebalance?.at ?? 0);
  if (ageMs <= loopMs) return [];
  return [{ cause: 'loop-stalled', connection: view.connection, groupId, ageMs, loopMs }];
}

type StalledHandler = Extract<LivenessCause, { cause: 'handler-stalled' }>;

function stalledHandlers(view: ConnectionView, options: LivenessOptions): StalledHandler[] {
  const { connection } = view;
  return view.snapshot.groups.flatMap(({ groupId, partitions }) =>
    partitions.flatMap(({ topic, partition, worker, runningRecords }) => {
      if (runningRecords.length === 0) return [];
      const stallMs = stallBudget(view, worker, options);
      return runningRecords
        .filter(({ state, ageMs }) => state === 'running' && ageMs > stallMs)
        .map(({ offset, attempt, ageMs }): StalledHandler => {
          const where = { connection, groupId, worker, topic, partition };
          return { cause: 'handler-stalled', ...where, offset, attempt, ageMs, stallMs };
        });
    }),
  );
}

function stallBudget({ workers }: ConnectionView, id: string, options: LivenessOptions): number {
  const own = options.workers?.[id] ?? options.stallMs;
  if (own !== undefined) return own;
  const timeoutMs = workers.find((worker) => worker.id === id)?.timeoutMs;
  return timeoutMs === undefined ? DEFAULT_STALL_MS : TIMEOUT_FACTOR * (timeoutMs + TIMEOUT_GRACE_MS);
}
