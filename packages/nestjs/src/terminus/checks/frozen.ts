import type { FreezeReason, PartitionSnapshot } from '@kafka-worker/engine';
import type { FrozenCause } from '../causes.js';
import type { ConnectionView } from '../connection-view.js';
import type { FrozenOptions } from '../health-options.js';
import { downFor, type Verdict } from '../verdict.js';

/** They were asked for, and end by themselves. */
const DEFAULT_IGNORED: readonly FreezeReason[] = ['delay'];

/** Places that are named; the others are counted. */
const NAMED = 50;

/** Down where something stands still until somebody does something: freezes, and partitions without a position. */
export function frozen(views: readonly ConnectionView[], options: FrozenOptions): Verdict {
  const ignored = options.ignore ?? DEFAULT_IGNORED;
  const causes = views.flatMap((view) =>
    view.snapshot.groups.flatMap(({ groupId, partitions }) =>
      partitions.flatMap((partition) => standstills(view, groupId, partition, ignored)),
    ),
  );
  const more = causes.length - NAMED;
  return downFor(causes.slice(0, NAMED), more > 0 ? { more } : {});
}

/** Without the failed record's key and its error's message, which may carry what is in it. */
function standstills(
  { connection, now }: ConnectionView,
  groupId: string,
  { topic, partition, worker, frozen, held }: PartitionSnapshot,
  ignored: readonly FreezeReason[],
): FrozenCause[] {
  const where = { connection, groupId, worker, topic, partition };
  const freezes = frozen.filter(({ reason }) => !ignored.includes(reason));
  return [
    ...(held === undefined ? [] : [{ cause: 'held', ...where, reason: held } as const]),
    ...freezes.map(({ scope, reason, offset, since, unfreezesAt }): FrozenCause => {
      const until = unfreezesAt === undefined ? {} : { unfreezesAt };
      return { cause: 'frozen', ...where, scope, reason, offset, ageMs: now - since, ...until };
    }),
  ];
}
