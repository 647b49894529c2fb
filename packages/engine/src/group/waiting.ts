import type { Clock } from '../clock.js';
import type { PartitionAssignment } from './partition-assignment.js';

/** Options of {@link waitForRunning}. */
export interface DrainWait {
  /** Milliseconds. */
  readonly budgetMs: number;
  /** Called every `keepAliveMs` while waiting; must not reject. */
  readonly keepAlive?: () => Promise<void>;
  readonly keepAliveMs?: number;
}

/** Handlers of these partitions whose results still count, and copies on their way. */
export function runningIn(partitions: readonly PartitionAssignment[]): number {
  return partitions.reduce((sum, partition) => sum + (partition.alive ? partition.inFlight : 0), 0);
}

/**
 * Waits until no handler of these partitions runs, or the time is up.
 * @returns how many handlers still run.
 */
export async function waitForRunning(
  partitions: readonly PartitionAssignment[],
  clock: Clock,
  wait: DrainWait,
): Promise<number> {
  const running = (): number => runningIn(partitions);
  if (running() === 0 || wait.budgetMs <= 0) return running();
  const until = clock.now() + wait.budgetMs;
  const idle = Promise.all(partitions.map((partition) => partition.whenIdle())).then(() => true);
  for (;;) {
    const left = until - clock.now();
    if (left <= 0) return running();
    if (await within(idle, clock, Math.min(left, wait.keepAliveMs ?? left))) return running();
    if (until - clock.now() > 0) await wait.keepAlive?.();
  }
}

/** @returns true when `promise` has settled before `ms` were over. */
export async function within(promise: Promise<unknown>, clock: Clock, ms: number): Promise<boolean> {
  let timer: unknown;
  const timeout = new Promise<false>((resolve) => {
    timer = clock.setTimer(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clock.clearTimer(timer);
  }
}
