import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaLogContext } from '@kafka-worker/nestjs/logging';
import { KafkaTracingInterceptor } from '@kafka-worker/nestjs/otel';
import { KafkaMetricsInterceptor } from '@kafka-worker/nestjs/prometheus';
import { KafkaConfig, Telemetry, TelemetryModule } from '../../harness/index.js';
import { CheckoutsService } from './checkouts.service.js';
import { CheckoutsWorker } from './checkouts.worker.js';
import { ShopService } from './shop.service.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      imports: [TelemetryModule],
      inject: [KafkaConfig, Telemetry],
      useFactory: ({ driver }: KafkaConfig, { registry }: Telemetry) => ({
        driver,
        consumer: { groupId: 'checkout-service' },
        instrumentation: [
          new KafkaTracingInterceptor(),
          new KafkaMetricsInterceptor({ registry }),
          // keys are numbers of our own making: they may stand in a log
          new KafkaLogContext({ key: 'text' }),
        ],
      }),
    }),
  ],
  controllers: [CheckoutsWorker],
  providers: [CheckoutsService, ShopService],
})
export class CheckoutsModule {}
