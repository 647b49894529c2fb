/** How far a freeze reaches. */
export type FreezeScope = 'key' | 'partition';

/** What becomes of a record whose attempts are used up. Made by {@link freeze} and {@link skip}. */
export type FailurePolicy = { readonly type: 'freeze'; readonly scope: FreezeScope } | { readonly type: 'skip' };

/**
 * Stops the partition (or just the lane of the record's key) at the failed record: nothing past it is committed,
 * running handlers finish, buffered records wait. The rest goes on.
 */
export function freeze(scope: FreezeScope = 'partition'): FailurePolicy {
  return { type: 'freeze', scope };
}

/** Settles the record as `skipped`, with an event that names it and the error, and goes on. */
export function skip(): FailurePolicy {
  return { type: 'skip' };
}

/** True for what {@link freeze} and {@link skip} make. */
export function isFailurePolicy(value: unknown): value is FailurePolicy {
  if (typeof value !== 'object' || value === null) return false;
  const policy = value as { type?: unknown; scope?: unknown };
  return (
    policy.type === 'skip' || (policy.type === 'freeze' && (policy.scope === 'key' || policy.scope === 'partition'))
  );
}
