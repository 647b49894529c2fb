import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { ReadingsService } from './readings.service.js';
import { ReadingsWorker } from './readings.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver, consumer: { groupId: 'meters' } }),
    }),
  ],
  controllers: [ReadingsWorker],
  providers: [ReadingsService],
})
export class ReadingsModule {}
