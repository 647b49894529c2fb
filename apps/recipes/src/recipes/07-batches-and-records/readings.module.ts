import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaTracingInterceptor } from '@kafka-worker/nestjs/otel';
import { KafkaConfig, TelemetryModule } from '../../harness/index.js';
import { BatchLog } from './batch-log.js';
import { ReadingsService } from './readings.service.js';
import { ReadingsWorker } from './readings.worker.js';

@Module({ providers: [BatchLog], exports: [BatchLog] })
class BatchLogModule {}

@Module({
  imports: [
    TelemetryModule,
    KafkaWorkerModule.forRootAsync({
      imports: [BatchLogModule],
      inject: [KafkaConfig, BatchLog],
      useFactory: ({ driver }: KafkaConfig, batches: BatchLog) => ({
        driver,
        consumer: { groupId: 'reading-service' },
        instrumentation: [new KafkaTracingInterceptor({ spans: 'both', operations: false }), batches],
      }),
    }),
  ],
  controllers: [ReadingsWorker],
  providers: [ReadingsService],
})
export class ReadingsModule {}
