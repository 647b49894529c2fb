import type { WorkerInstrumentation } from '@kafka-worker/nestjs';
import { KafkaLogContext } from '@kafka-worker/nestjs/logging';
import { KafkaTracingInterceptor } from '@kafka-worker/nestjs/otel';
import { KafkaMetricsInterceptor } from '@kafka-worker/nestjs/prometheus';
import { isTraced } from './tracing.js';

/** What looks on at the shop's workers, from the outside in. */
export function instrumentation(): WorkerInstrumentation[] {
  // keys of the shop are numbers of its own making, so they may stand in its log
  const log = new KafkaLogContext({ key: 'text' });
  return [...(isTraced ? [new KafkaTracingInterceptor()] : []), new KafkaMetricsInterceptor(), log];
}
