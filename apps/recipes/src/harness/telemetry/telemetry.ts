import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Registry } from 'prom-client';

/**
 * Keeps the spans and metrics of an app in memory, so that its recipe can show them. An app of your own starts
 * `@opentelemetry/sdk-node` before anything else, and serves prom-client's global registry.
 */
@Injectable()
export class Telemetry implements OnApplicationShutdown {
  readonly registry = new Registry();
  readonly #exporter = new InMemorySpanExporter();

  constructor() {
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] });
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  }

  /** Those that have ended, in the order of their starts. */
  get spans(): ReadableSpan[] {
    return this.#exporter
      .getFinishedSpans()
      .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]);
  }

  /** For the next recipe of the process. */
  onApplicationShutdown(): void {
    trace.disable();
    context.disable();
    propagation.disable();
  }
}
