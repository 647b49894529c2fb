import type { Clock } from '@kafka-worker/engine';

/** Calls `turn` every `ms` milliseconds until it is stopped. */
export function every(clock: Clock, ms: number, turn: () => void): { stop: () => void } {
  const next = (): ReturnType<Clock['setTimer']> =>
    clock.setTimer(() => {
      turn();
      timer = next();
    }, ms);
  let timer = next();
  return { stop: () => clock.clearTimer(timer) };
}
