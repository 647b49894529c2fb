import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { BillingService } from './billing.service.js';
import { OrdersWorker } from './orders.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver, sessionTimeout }: KafkaConfig) => ({
        driver,
        consumer: { groupId: 'billing', sessionTimeout },
      }),
    }),
  ],
  controllers: [OrdersWorker],
  providers: [BillingService],
})
export class OrdersModule {}
