import type { StartupCause } from '../causes.js';
import type { ConnectionView } from '../connection-view.js';
import { downFor, type Verdict } from '../verdict.js';

/** Up once every group has been joined for the first time, and from then on. */
export function started(views: readonly ConnectionView[]): Verdict {
  return downFor(views.filter(({ workers }) => workers.length > 0).flatMap(causesOf));
}

function causesOf({ connection, snapshot }: ConnectionView): StartupCause[] {
  const { groups } = snapshot;
  if (groups.length === 0) return [{ cause: 'not-started', connection }];
  return groups
    .filter(({ lastRebalance }) => lastRebalance === undefined)
    .map(({ groupId, state, error }) => {
      return { cause: 'not-joined', connection, groupId, state, ...(error !== undefined && { error }) };
    });
}
