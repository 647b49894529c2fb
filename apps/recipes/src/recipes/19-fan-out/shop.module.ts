import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { BillingService } from './billing.service.js';
import { BillingWorker } from './billing.worker.js';
import { SearchService } from './search.service.js';
import { SearchWorker } from './search.worker.js';

@Module({
  imports: [
    // No group here: each worker brings its own.
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver }),
    }),
  ],
  controllers: [BillingWorker, SearchWorker],
  providers: [BillingService, SearchService],
})
export class ShopModule {}
