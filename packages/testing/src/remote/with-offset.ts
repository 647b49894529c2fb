import type { CommittedOffset } from '@kafka-worker/engine';

/** What JSON leaves out of an answer, said again: nothing is committed. */
export function withOffset(committed: CommittedOffset): CommittedOffset {
  return { ...committed, offset: committed.offset };
}
