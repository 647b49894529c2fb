import type { AttemptScope, KafkaRecord, WorkerInstrumentation } from '@kafka-worker/engine';
import {
  context as contexts,
  createContextKey,
  isValidTraceId,
  trace,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import { ChainedContext } from './chained-context.js';
import { fail } from './failure.js';

const ATTEMPT = createContextKey('kafka-worker.attempt');

/** Spans of failed attempts, for the next ones of the same records. */
const failed = new WeakMap<KafkaRecord, SpanContext>();

/** The last failed attempt at a record. @internal */
export function attemptBefore(record: KafkaRecord): SpanContext | undefined {
  return failed.get(record);
}

/** The span of one attempt, active in its handler. @internal */
export class AttemptSpan implements AttemptScope {
  readonly context: Context;
  #over = false;

  constructor(
    readonly by: WorkerInstrumentation,
    readonly span: Span,
    /** What the record was sent in. */
    parent: Context,
    private readonly record: KafkaRecord,
    private readonly attempt: number,
  ) {
    this.context = new ChainedContext(trace.setSpan(parent, span), ATTEMPT, this);
  }

  get traceId(): string | undefined {
    const { traceId } = this.span.spanContext();
    return isValidTraceId(traceId) ? traceId : undefined;
  }

  run(handle: () => unknown): unknown {
    return contexts.with(this.context, handle);
  }

  resume(work: () => unknown): unknown {
    return contexts.with(this.context, work);
  }

  ended(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    if (error !== undefined) {
      fail(this.span, error);
      failed.set(this.record, this.span.spanContext());
    }
    this.span.end();
  }

  /** Whether it is the one of this attempt: a context may outlive its attempt, and be active in that of another record. */
  isOf(record: KafkaRecord, attempt: number): boolean {
    return !this.#over && this.record === record && this.attempt === attempt;
  }
}

/** The attempt whose span is active, or was when what runs now was started. @internal */
export function activeAttempt(): AttemptSpan | undefined {
  return contexts.active().getValue(ATTEMPT) as AttemptSpan | undefined;
}
