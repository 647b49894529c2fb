import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** Traces as lines: children below their parents, how long each took, and what it failed with. */
export function drawTraces(spans: readonly ReadableSpan[]): string[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const draw = (span: ReadableSpan, depth: number): string[] => [
    line(span, depth),
    ...spans
      .filter((child) => parentOf(child) === span.spanContext().spanId)
      .flatMap((child) => draw(child, depth + 1)),
  ];
  return spans.filter((span) => !ids.has(parentOf(span) ?? '')).flatMap((span) => draw(span, 0));
}

/** The id of a span's parent. */
export function parentOf({ parentSpanContext }: ReadableSpan): string | undefined {
  return parentSpanContext?.spanId;
}

function line({ name, duration, status, attributes, links }: ReadableSpan, depth: number): string {
  const attempt = attributes['kafka_worker.attempt'];
  const failure = status.code === SpanStatusCode.ERROR ? `${String(attributes['error.type'])}: ${status.message}` : '';
  const parts = [
    `${'  '.repeat(depth)}${name}`.padEnd(40),
    `${Math.round(duration[0] * 1e3 + duration[1] / 1e6)} ms`.padStart(7),
    attempt === undefined ? '' : `attempt ${String(attempt)}`,
    links.length === 0 ? '' : `${links.length} ${links.length === 1 ? 'link' : 'links'}`,
    failure,
  ];
  return parts.filter((part) => part !== '').join('  ');
}
