import type { AttemptScope, BatchScope, WorkerInstrumentation } from '@kafka-worker/engine';
import {
  context as contexts,
  isSpanContextValid,
  isValidTraceId,
  trace,
  type Context,
  type Link,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import { ATTR } from './attributes.js';
import { RECORD_ROOT } from './chained-context.js';
import { fail } from './failure.js';

/** SDKs keep this many unless told otherwise, and drop the oldest for each one more, at a price that grows. */
const MAX_LINKS = 128;
/** Failed attempts that are written down with their error; the others are counted. */
const MAX_ERRORS = 16;

/** The span of a batch, from the moment it was taken until its last record is settled. @internal */
export class BatchSpan implements BatchScope {
  readonly context: Context;
  /** For spans that are linked with this one. */
  readonly asLinks: Link[];
  #links = 0;
  #leftOut = 0;
  #failed = 0;
  #over = false;

  constructor(readonly span: Span) {
    this.context = trace.setSpan(RECORD_ROOT, span);
    this.asLinks = [{ context: span.spanContext() }];
  }

  /** With the span of one of its records, or with what has sent one. */
  link(context: SpanContext | undefined): void {
    if (context === undefined || !isSpanContextValid(context)) return;
    if (this.#links === MAX_LINKS) {
      this.#leftOut++;
      return;
    }
    this.#links++;
    this.span.addLink({ context });
  }

  /** An attempt at one of its records has failed, or was left behind when its partition and the batch with it had gone. */
  failed(error: Error): void {
    if (this.#over) return;
    if (++this.#failed <= MAX_ERRORS) fail(this.span, error);
  }

  ended(): void {
    this.#over = true;
    if (this.#failed > 0) this.span.setAttribute(ATTR.failedAttempts, this.#failed);
    if (this.#leftOut > 0) this.span.setAttribute(ATTR.linksLeftOut, this.#leftOut);
    this.span.end();
  }
}

/** An attempt that has no span of its own: that of its batch is active in the handler. @internal */
export class AttemptInBatch implements AttemptScope {
  constructor(
    readonly by: WorkerInstrumentation,
    private readonly batch: BatchSpan,
  ) {}

  get context(): Context {
    return this.batch.context;
  }

  get traceId(): string | undefined {
    const { traceId } = this.batch.span.spanContext();
    return isValidTraceId(traceId) ? traceId : undefined;
  }

  run(handle: () => unknown): unknown {
    return contexts.with(this.batch.context, handle);
  }

  resume(work: () => unknown): unknown {
    return contexts.with(this.batch.context, work);
  }

  ended(error: Error | undefined): void {
    if (error !== undefined) this.batch.failed(error);
  }
}
