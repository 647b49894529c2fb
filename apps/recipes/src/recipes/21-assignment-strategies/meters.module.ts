import { type DynamicModule, Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { MeterService } from './meter.service.js';
import { MetersWorker } from './meters.worker.js';

/**
 * The same app for every strategy, each in a group of its own. An app of yours has
 * `consumer: { assignment: 'round-robin' }` in place of the driver.
 */
@Module({ controllers: [MetersWorker], providers: [MeterService] })
export class MetersModule {
  static with(assignment: 'cooperative' | 'round-robin'): DynamicModule {
    return {
      module: MetersModule,
      imports: [
        KafkaWorkerModule.forRootAsync({
          inject: [KafkaConfig],
          useFactory: (kafka: KafkaConfig) => ({
            driver: kafka.assigning?.(assignment) ?? kafka.driver,
            consumer: { groupId: `meters-${assignment}` },
          }),
        }),
      ],
    };
  }
}
