import type { EngineEvent, KafkaWorkerRuntime } from '@kafka-worker/nestjs';
import type { FromMember, SupervisorLine } from './protocol.js';

const SNAPSHOT_EVERY_MS = 200;

/** Tells the supervisor what the runtime shows, five times a second and at every event that it has a line for. */
export function tell(runtime: KafkaWorkerRuntime, line: SupervisorLine): () => void {
  const state = (): void => line.post({ type: 'state', snapshot: runtime.inspect() });
  const timer = setInterval(state, SNAPSHOT_EVERY_MS);
  const events = runtime.events$.subscribe((event) => {
    const message = translate(event);
    if (message) line.post(message);
    if (event.type === 'engine.state' || event.type === 'group.state' || event.type === 'group.rebalanced') state();
  });
  return () => {
    clearInterval(timer);
    events.unsubscribe();
    state();
  };
}

function translate(event: EngineEvent): FromMember | undefined {
  if (event.type === 'group.lost') return { type: 'lost' };
  if (event.type === 'drain.finished' && event.cause === 'shutdown') {
    const { finished, left, durationMs } = event;
    return { type: 'drained', note: { finished, left, durationMs } };
  }
  if (event.type !== 'group.rebalanced') return undefined;
  const { generation, durationMs, assigned, revoked, kept } = event;
  const counts = { assigned: assigned.length, revoked: revoked.length, kept: kept.length };
  return { type: 'rebalanced', note: { at: Date.now(), generation, durationMs, ...counts } };
}
