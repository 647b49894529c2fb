import type { Clock } from '../clock.js';
import type { CommitError } from '../errors/commit.error.js';
import type { EventHub } from '../events/emitter.js';
import type { DrainCause, DrainOutcome } from '../events/events.js';
import type { Committer } from '../offsets/committer.js';
import { runningIn, waitForRunning, within } from './waiting.js';
import type { PartitionAssignment } from './partition-assignment.js';

/** How often the last commit of a drain is tried, and what lies between. */
const LAST_COMMIT_TRIES = 3;
const LAST_COMMIT_PAUSE_MS = 200;

/** A broker that does not take the last commit of a process is waited for this long when its grace is over. Milliseconds. */
const LAST_COMMIT_MS = 2_000;

/** The member that drains. */
export interface DrainSite {
  readonly groupId: string;
  readonly clock: Clock;
  readonly events: EventHub;
  readonly committer: Committer;
  /** Pace of commits that keep the session; undefined: the client keeps it. Milliseconds. */
  readonly keepAliveMs: number | undefined;
  /** Everything that the member holds. */
  partitions(): readonly PartitionAssignment[];
}

/** How long a drain waits for handlers. */
export interface DrainPlan {
  /** Milliseconds. */
  readonly budgetMs: number;
  /** False: what runs is not waited for. */
  readonly waits: boolean;
  /** How long those are waited for whose signals are aborted when the budget is over. Milliseconds. */
  readonly forceMs?: number;
}

/**
 * Waits for what runs in partitions that are to be given back, and commits what has settled. Nothing new starts in them
 * by then, and all of them are alive until it is through.
 */
export class Drainer {
  /** Resolves when the last commit of a shutdown has been made: drains for a rebalance end with it. */
  readonly #over: Promise<void>;
  #end!: () => void;

  constructor(readonly site: DrainSite) {
    this.#over = new Promise((resolve) => (this.#end = resolve));
  }

  /** The last commit of a shutdown has been made. */
  end(): void {
    this.#end();
  }

  /** Never rejects. */
  async drain(partitions: readonly PartitionAssignment[], cause: DrainCause, plan: DrainPlan): Promise<void> {
    const { clock, events, keepAliveMs, committer, groupId } = this.site;
    const startedAt = clock.now();
    const running = runningIn(partitions);
    events.emit({ type: 'drain.started', groupId, cause, running });
    // a shutdown leaves the client's loop turning, so only a rebalance has to keep the session by itself
    const keepAlive =
      cause === 'rebalance' && keepAliveMs !== undefined
        ? { keepAliveMs, keepAlive: () => committer.keepAlive(this.site.partitions()).catch(() => {}) }
        : {};
    // at once, too: a member that was fenced meanwhile learns of it here, and waits for nothing more
    void keepAlive.keepAlive?.();
    let left = plan.waits
      ? await waitForRunning(partitions, clock, { budgetMs: plan.budgetMs, ...keepAlive })
      : running;
    if (left > 0 && plan.forceMs !== undefined) {
      for (const partition of partitions) partition.worker.abort(partition, 'shutdown');
      left = await waitForRunning(partitions, clock, { budgetMs: plan.forceMs });
    }
    const lastMs = Math.max(LAST_COMMIT_MS, startedAt + plan.budgetMs - clock.now());
    // a rebalance takes all partitions of the member into its last commit: it is also the last sign of life
    const committed =
      cause === 'rebalance'
        ? this.#commitLast(this.site.partitions())
        : this.#commitLast(partitions, clock.now() + LAST_COMMIT_MS);
    // nobody else bounds a shutdown; a rebalance is bounded by the driver
    await (cause === 'shutdown' ? within(committed, clock, lastMs) : committed);
    const outcome: DrainOutcome = left === 0 ? 'drained' : plan.waits ? 'timeout' : 'completed';
    const durationMs = clock.now() - startedAt;
    events.emit({ type: 'drain.finished', groupId, cause, outcome, finished: running - left, left, durationMs });
  }

  /**
   * What trying again can mend is mended; the rest is delivered again to the next owner. Never rejects.
   * @param staleUntil a commit that meets a join under way is tried again until then: afterwards it is taken.
   */
  async #commitLast(partitions: readonly PartitionAssignment[], staleUntil = 0): Promise<void> {
    const { clock, committer } = this.site;
    for (let tries = 1; ; tries++) {
      try {
        await committer.flush(partitions);
        // what has settled while it was under way goes along; it ends, since nothing new is started where partitions
        // are given back, and the others are not waited for
        if (!partitions.some(({ alive, dirty, commits, draining }) => alive && dirty && commits && draining)) return;
        tries = 0;
        continue;
      } catch (thrown) {
        const { code, canRetry } = thrown as CommitError;
        const mended = canRetry || code === 'COMMIT_METADATA_TOO_LARGE';
        const joining = code === 'COMMIT_STALE' && partitions.some((partition) => partition.alive);
        if (joining ? clock.now() >= staleUntil : tries >= LAST_COMMIT_TRIES || !mended) return;
      }
      if (await within(this.#over, clock, LAST_COMMIT_PAUSE_MS)) return;
    }
  }
}
