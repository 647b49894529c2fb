import { clock, count } from './format.js';
import type { ViewState } from './view-state.js';

/** One line that says where the run is, for output that is no terminal. */
export function plainLine(state: ViewState): string {
  const { progress } = state;
  const living = state.members.filter((member) => member.endedAgoMs === undefined).length;
  return [
    clock(state.elapsedMs),
    state.phase,
    `members ${living}/${state.members.length}`,
    ...(progress ? [`orders ${count(progress.done)}/${count(progress.of)}`] : []),
    `produced ${count(state.produced)}`,
    `finished ${count(state.finished)}`,
    `running ${state.workers.reduce((sum, worker) => sum + worker.running, 0)}`,
    `lag ${count(state.lag)}`,
    `${count(state.rate)}/s`,
    `again ${state.again}`,
    `order broken ${state.violations}`,
    `lost ${state.lost}`,
  ].join('  ');
}
