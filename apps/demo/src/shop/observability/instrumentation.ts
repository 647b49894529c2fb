import type { WorkerInstrumentation } from '@kafka-worker/nestjs';
import { KafkaTracingInterceptor } from '@kafka-worker/nestjs/otel';
import { KafkaMetricsInterceptor } from '@kafka-worker/nestjs/prometheus';
import { isTraced } from './tracing.js';

/** What looks on at the shop's workers, from the outside in. */
export function instrumentation(): WorkerInstrumentation[] {
  return [...(isTraced ? [new KafkaTracingInterceptor()] : []), new KafkaMetricsInterceptor()];
}
