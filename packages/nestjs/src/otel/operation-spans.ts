import type { EngineEvent } from '@kafka-worker/engine';
import { context as contexts, SpanKind, type Attributes, type Tracer } from '@opentelemetry/api';
import { ATTR, KAFKA } from './attributes.js';
import { fail } from './failure.js';

/** What an event is a span of. */
interface Operation {
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly attributes: Attributes;
  readonly error?: Error;
}

/**
 * Makes spans of what the engine tells when it is over: commits, drains, rebalances. Each is a trace of its own, since it
 * belongs to many records, and is left out where tracing is suppressed.
 * @internal
 */
export function traceOperation(tracer: Tracer, clientId: string | undefined, event: EngineEvent): void {
  const operation = operationOf(event);
  if (operation === undefined) return;
  const { name, kind, durationMs, attributes, error } = operation;
  const now = Date.now();
  if (clientId !== undefined) attributes[ATTR.clientId] = clientId;
  // the active context says whether tracing is suppressed; whatever span is in it, this one is no part of
  const span = tracer.startSpan(name, { kind, root: true, startTime: now - durationMs, attributes }, contexts.active());
  if (error !== undefined) fail(span, error);
  span.end(now);
}

function operationOf(event: EngineEvent): Operation | undefined {
  if (event.type === 'commit.succeeded') {
    return commit(event.groupId, 'succeeded', event.durationMs, { [ATTR.partitions]: event.partitions });
  }
  if (event.type === 'commit.failed') {
    return { ...commit(event.groupId, event.willRetry ? 'retried' : 'failed', 0, {}), error: event.error };
  }
  if (event.type === 'drain.finished') {
    return own('drain', event.groupId, event.durationMs, {
      [ATTR.cause]: event.cause,
      [ATTR.outcome]: event.outcome,
      [ATTR.finished]: event.finished,
      [ATTR.left]: event.left,
    });
  }
  if (event.type === 'group.rebalanced') {
    return own('rebalance', event.groupId, event.durationMs, {
      [ATTR.generation]: event.generation,
      [ATTR.member]: event.memberId,
      [ATTR.assigned]: event.assigned.length,
      [ATTR.revoked]: event.revoked.length,
      [ATTR.kept]: event.kept.length,
    });
  }
  return undefined;
}

function commit(groupId: string, outcome: string, durationMs: number, more: Attributes): Operation {
  return {
    name: 'commit',
    kind: SpanKind.CLIENT,
    durationMs,
    attributes: {
      [ATTR.system]: KAFKA,
      [ATTR.operationName]: 'commit',
      [ATTR.operationType]: 'settle',
      [ATTR.group]: groupId,
      [ATTR.outcome]: outcome,
      ...more,
    },
  };
}

/** The conventions know no operation of this kind. */
function own(name: string, groupId: string, durationMs: number, more: Attributes): Operation {
  return {
    name: `${name} ${groupId}`,
    kind: SpanKind.INTERNAL,
    durationMs,
    attributes: { [ATTR.system]: KAFKA, [ATTR.operationName]: name, [ATTR.group]: groupId, ...more },
  };
}
