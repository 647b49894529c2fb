import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { OrdersService } from './orders.service.js';
import { OrdersWorker } from './orders.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver, consumer: { groupId: 'order-service' } }),
    }),
  ],
  controllers: [OrdersWorker],
  providers: [OrdersService],
})
export class OrdersModule {}
