import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { MetricsController } from './metrics.controller.js';
import { isTraced, startTracing } from './tracing.js';

/** Metrics for Prometheus and, where somebody collects them, traces. */
@Module({ controllers: [MetricsController] })
export class ObservabilityModule implements OnApplicationShutdown {
  readonly #endTracing = isTraced ? startTracing() : undefined;

  /** After the drain: its spans go along. */
  async onApplicationShutdown(): Promise<void> {
    await this.#endTracing?.();
  }
}
