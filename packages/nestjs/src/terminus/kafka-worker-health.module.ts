import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { KafkaWorkerCoreModule } from '../module/kafka-worker-core.module.js';
import { ConnectionViews } from './connection-views.js';
import { CrashWatch } from './crash-watch.js';
import { ASYNC_OPTIONS_TYPE, ConfigurableModuleClass, OPTIONS_TYPE } from './health-module-definition.js';
import { KafkaWorkerHealthIndicator } from './kafka-worker.health.js';
import { Probes } from './probes.js';

/**
 * Health of the workers: `KafkaWorkerHealthModule.forRoot()` serves `GET /health/live`, `/health/ready` and
 * `/health/startup`, 200 or 503 with Terminus' JSON. Imported without `forRoot` it gives `KafkaWorkerHealthIndicator`
 * alone, for a controller of your own.
 */
@Module({
  imports: [TerminusModule.forRoot({ logger: false }), KafkaWorkerCoreModule],
  providers: [KafkaWorkerHealthIndicator, ConnectionViews, CrashWatch, Probes],
  exports: [KafkaWorkerHealthIndicator],
})
export class KafkaWorkerHealthModule extends ConfigurableModuleClass {
  /** Options that are known now. Mistakes in them stop the boot. */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** Options that are made by a factory or class, with what it injects. `path` stands beside it. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }
}
