import type { TracerProvider } from '@opentelemetry/api';
import type { KeyDisplay } from '../instrumentation/record-key.js';

/** Token for the options of a `KafkaTracingInterceptor` that Nest makes, where it is bound with `@UseInterceptors`. */
export const KAFKA_TRACING_OPTIONS = 'KAFKA_TRACING_OPTIONS';

/**
 * What gets a span of its own.
 * record  each attempt at a record: a child of what has sent the record
 * batch   each batch that is taken from the client, until its last record is settled: one span for many records
 * both    each, linked with each other
 */
export type SpanLevel = 'record' | 'batch' | 'both';

/** Options of `KafkaTracingInterceptor`. */
export interface KafkaTracingOptions {
  /** Default `'record'`. Bound by hand the interceptor sees records only, whatever this says. */
  readonly spans?: SpanLevel;
  /**
   * How `kafka.message.key` shows the record's key. Default `'text'`, as the conventions have it, where the key
   * is text; `'hash'` or `'none'` where keys are names, addresses or numbers that a trace must not hold.
   */
  readonly key?: KeyDisplay;
  /** Whether commits, drains and rebalances get spans, each a trace of its own. Default true. */
  readonly operations?: boolean;
  /** `messaging.client.id`, which no span has otherwise. */
  readonly clientId?: string;
  /** Where spans are made. Default: the global one, also where it is registered later. */
  readonly tracerProvider?: TracerProvider;
}
