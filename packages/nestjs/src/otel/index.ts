export { KafkaTracingInterceptor } from './kafka-tracing.interceptor.js';
export { KAFKA_TRACING_OPTIONS, type KafkaTracingOptions, type SpanLevel } from './tracing-options.js';
export type { KeyDisplay } from '../instrumentation/record-key.js';
