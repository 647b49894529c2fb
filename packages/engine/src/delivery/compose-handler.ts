import type { Clock } from '../clock.js';
import type { WorkerDefinition } from '../options/engine-options.js';
import type { CompiledWorkerOptions } from '../options/worker-options.js';
import type { WorkerInstrumentation } from '../instrumentation/worker-instrumentation.js';
import type { EventHub } from '../events/emitter.js';
import { idempotent, type OnUnmarked } from '../stores/idempotent-handler.js';
import type { AttemptSetup } from './attempt-runner.js';
import { transacted } from './transacted-handler.js';

/** A handler and the options that decide what stands around it. */
export interface HandlerDefinition extends Pick<WorkerDefinition, 'handle'> {
  readonly unwrap?: WorkerDefinition['unwrap'] | undefined;
  readonly options: CompiledWorkerOptions;
  readonly instrumentation: WorkerInstrumentation | undefined;
}

/**
 * What is called for each attempt: the handler, in a transaction of the store where there is one, behind the question
 * whether its key was settled before where that is asked. Nothing is put around a handler that needs neither.
 */
export function composeHandler(
  { handle, unwrap, options, instrumentation }: HandlerDefinition,
  clock: Clock,
  events: Pick<EventHub, 'emit'>,
): AttemptSetup {
  const { delivery, idempotency, timeoutMs } = options;
  const exactly = typeof delivery === 'object' && delivery.type === 'exactly-once';
  const apart = timeoutMs !== undefined || typeof delivery === 'object';
  let composed: Pick<AttemptSetup, 'handle' | 'unwrap'> = { handle, unwrap };
  if (exactly) composed = { handle: transacted(handle, unwrap), unwrap: undefined };
  if (idempotency !== undefined) {
    const unmarked: OnUnmarked = ({ groupId, worker, attempt, record }, error) => {
      const { topic, partition, offset } = record;
      events.emit({ type: 'key.unmarked', groupId, worker, topic, partition, offset, attempt, error });
    };
    const { handle: inner, unwrap: look } = composed;
    composed = { handle: idempotent(inner, idempotency, clock, look, unmarked), unwrap: undefined };
  }
  return { ...composed, timeoutMs, apart, instrumentation };
}
