import type { EngineEvent } from '@kafka-worker/engine';

/** What is no trouble in itself, and comes too often. */
const QUIET: ReadonlySet<EngineEvent['type']> = new Set([
  'engine.state',
  'group.rebalanced',
  'drain.started',
  'drain.finished',
  'record.settled',
  'commit.succeeded',
]);

/** What is worth telling of an event when a promise was found broken; undefined: nothing. */
export function troubleOf(event: EngineEvent): string | undefined {
  const { error } = event as { readonly error?: Error };
  if (QUIET.has(event.type) || (event.type === 'group.state' && error === undefined)) return undefined;
  const known = Object.entries(event).filter(([name]) => !['groupId', 'worker', 'topic', 'error'].includes(name));
  const text = JSON.stringify(Object.fromEntries(known));
  return error === undefined ? text : `${text} ${chain(error)}`;
}

/** With the causes of an error. */
function chain(error: Error): string {
  return error.cause instanceof Error ? `${error.message} <- ${chain(error.cause)}` : error.message;
}
