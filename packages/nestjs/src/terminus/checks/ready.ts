import type { GroupSnapshot } from '@kafka-worker/engine';
import type { ReadinessCause } from '../causes.js';
import type { ConnectionView } from '../connection-view.js';
import type { Verdict } from '../verdict.js';
import { crashed, disowned } from './crashed.js';

/** A group in the answer. */
interface GroupDetail {
  readonly connection: string;
  readonly groupId: string;
  readonly state: GroupSnapshot['state'];
  readonly generation: number;
  /** How many it holds. */
  readonly partitions: number;
  /** Joined, and there are more members than partitions: it waits to take over. */
  readonly standby?: true;
}

/** Up: joined in every group. Degraded: a join is under way. Down: everything else, a drain from its first line on. */
export function ready(views: readonly ConnectionView[]): Verdict {
  const causes = views.filter(({ workers }) => workers.length > 0).flatMap(causesOf);
  const groups = views.flatMap((view) => view.snapshot.groups.map((group) => detail(view, group)));
  const standby = groups.length > 0 && groups.every((group) => group.standby === true);
  return { status: statusFor(causes), causes, details: { groups, ...(standby && { standby }) } };
}

function statusFor(causes: readonly ReadinessCause[]): Verdict['status'] {
  if (causes.length === 0) return 'up';
  return causes.every(({ cause }) => cause === 'rebalancing') ? 'degraded' : 'down';
}

function causesOf(view: ConnectionView): ReadinessCause[] {
  const { connection, snapshot } = view;
  switch (view.state) {
    case 'INITIALIZED':
      return [{ cause: 'not-started', connection }];
    case 'DRAINING':
      return [{ cause: 'draining', connection, running: snapshot.running }];
    case 'STOPPED':
      return [{ cause: 'stopped', connection }];
    case 'RUNNING':
      return snapshot.groups.flatMap((group) => causesOfGroup(view, group));
  }
}

function causesOfGroup(view: ConnectionView, group: GroupSnapshot): ReadinessCause[] {
  const { connection } = view;
  const { state, groupId, error } = group;
  switch (state) {
    case 'joined':
      return disowned(view, group);
    case 'crashed':
      return [crashed(view, group)];
    case 'connecting':
    case 'rebalancing':
    case 'stopped':
      return [{ cause: state, connection, groupId, ...(error !== undefined && { error }) }];
  }
}

function detail({ connection }: ConnectionView, group: GroupSnapshot): GroupDetail {
  const { groupId, state, generation, partitions } = group;
  const standby = state === 'joined' && partitions.length === 0;
  return { connection, groupId, state, generation, partitions: partitions.length, ...(standby && { standby }) };
}
