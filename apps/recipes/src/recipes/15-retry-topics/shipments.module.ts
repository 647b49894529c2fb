import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { CarrierService } from './carrier.service.js';
import { ShipmentsWorker } from './shipments.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver, consumer: { groupId: 'dispatch' } }),
    }),
  ],
  controllers: [ShipmentsWorker],
  providers: [CarrierService],
})
export class ShipmentsModule {}
