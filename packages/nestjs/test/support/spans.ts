import { context, propagation, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

/** A real SDK, registered as an application does it, and the spans that it has exported. */
export class Spans {
  readonly #exporter = new InMemorySpanExporter();

  constructor() {
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] });
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  }

  /** Ended ones, in the order of their ends. */
  get all(): ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  named(name: string): ReadableSpan[] {
    return this.all.filter((span) => span.name === name);
  }

  /** The only one of that name. @throws Error where there is none, or several. */
  one(name: string): ReadableSpan {
    const found = this.named(name);
    if (found.length !== 1) throw new Error(`${found.length} spans '${name}' in ${this.names().join(', ')}`);
    return found[0] as ReadableSpan;
  }

  names(): string[] {
    return this.all.map(({ name }) => name);
  }

  /**
   * Every trace as lines, children under their parents in the order of their starts. A span whose parent was not
   * exported stands at the left, as a root does, with `?`.
   */
  tree(label: (span: ReadableSpan) => string = describe, from: readonly ReadableSpan[] = this.all): string[] {
    const ids = new Set(from.map(idOf));
    const isRoot = (span: ReadableSpan): boolean => span.parentSpanContext === undefined || !ids.has(parentOf(span));
    const ordered = from.toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]);
    const draw = (span: ReadableSpan, depth: number): string[] => [
      `${'  '.repeat(depth)}${depth === 0 && span.parentSpanContext !== undefined ? '? ' : ''}${label(span)}`,
      ...ordered.filter((child) => !isRoot(child) && parentOf(child) === idOf(span)).flatMap((c) => draw(c, depth + 1)),
    ];
    return ordered.filter(isRoot).flatMap((span) => draw(span, 0));
  }

  /** Nothing of it is left: the next test registers its own. */
  end(): void {
    trace.disable();
    context.disable();
    propagation.disable();
  }
}

/** Name, attempt, and what it failed with. */
export function describe(span: ReadableSpan): string {
  const attempt = span.attributes['kafka_worker.attempt'];
  const error = span.status.code === SpanStatusCode.ERROR ? ` failed: ${String(span.attributes['error.type'])}` : '';
  return `${span.name}${attempt === undefined ? '' : ` #${String(attempt)}`}${error}`;
}

export function idOf(span: ReadableSpan | Span): string {
  const { traceId, spanId } = span.spanContext();
  return `${traceId}-${spanId}`;
}

export function parentOf({ parentSpanContext }: ReadableSpan): string {
  return `${parentSpanContext?.traceId ?? ''}-${parentSpanContext?.spanId ?? ''}`;
}
