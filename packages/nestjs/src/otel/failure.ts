import { KafkaWorkerError } from '@kafka-worker/engine';
import { SpanStatusCode, type Span } from '@opentelemetry/api';
import { ATTR } from './attributes.js';

/** Not failures: the handler says what is to be done with the record. */
const STEERING: ReadonlySet<string> = new Set(['SKIP_RECORD', 'RETRY_LATER']);

/** Tells a span what it ended with. @internal */
export function fail(span: Span, error: Error): void {
  const type = errorType(error);
  if (STEERING.has(type)) {
    span.setAttribute(ATTR.steering, type);
    return;
  }
  span.recordException(error);
  span.setAttribute(ATTR.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

/** The code of our own errors, the class of all others: few values, as the conventions ask for. @internal */
export function errorType(error: Error): string {
  if (KafkaWorkerError.is(error)) return error.code;
  return error.name === 'Error' ? error.constructor.name : error.name;
}
