import type { LagCause } from '../causes.js';
import type { ConnectionView } from '../connection-view.js';
import type { LaggingOptions } from '../health-options.js';
import { downFor, type Verdict } from '../verdict.js';

/** Down where a partition is further behind than it may be. Only of what this process holds. */
export function lagging(views: readonly ConnectionView[], options: LaggingOptions): Verdict {
  const { maxLag = Infinity, maxAgeMs = Infinity } = options;
  const held = views.flatMap(({ connection, stats }) => stats.partitions.map((of) => ({ connection, ...of })));
  const causes = held.flatMap(({ connection, groupId, worker, topic, partition, lag, oldestUnsettledMs }) => {
    const where = { connection, groupId, worker, topic, partition };
    const found: LagCause[] = [];
    if (lag > maxLag) found.push({ cause: 'lag', ...where, lag, maxLag });
    if (oldestUnsettledMs > maxAgeMs) found.push({ cause: 'age', ...where, ageMs: oldestUnsettledMs, maxAgeMs });
    return found;
  });
  const lag = held.reduce((sum, partition) => sum + partition.lag, 0);
  const oldestUnsettledMs = held.reduce((oldest, partition) => Math.max(oldest, partition.oldestUnsettledMs), 0);
  return downFor(causes, { lag, oldestUnsettledMs });
}
