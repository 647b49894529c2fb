import { KafkaTracingInterceptor } from '@kafka-worker/nestjs/otel';
import { KafkaMetricsInterceptor } from '@kafka-worker/nestjs/prometheus';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { Subject } from './subject.js';
import { workerWith } from './worker.js';

/** The worker with traces and metrics on: a real SDK that records every span and exports none. */
export const watchedWorker: Subject = (job, workFor) => {
  trace.setGlobalTracerProvider(new BasicTracerProvider());
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return workerWith([new KafkaTracingInterceptor(), new KafkaMetricsInterceptor()])(job, workFor);
};
