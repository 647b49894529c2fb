import { Module } from '@nestjs/common';
import { exactlyOnce, KafkaWorkerModule } from '@kafka-worker/nestjs';
import { postgresStore } from '@kafka-worker/postgres';
import { Pool } from 'pg';
import { KafkaConfig } from '../../harness/index.js';
import { DatabaseModule } from './database.module.js';
import { LedgerService } from './ledger.service.js';
import { PaymentsWorker } from './payments.worker.js';
import { ReceiptsService } from './receipts.service.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      imports: [DatabaseModule],
      inject: [KafkaConfig, Pool],
      useFactory: ({ driver, sessionTimeout }: KafkaConfig, pool: Pool) => ({
        driver,
        consumer: { groupId: 'ledger', sessionTimeout },
        // Here and not in the decorator, since the pool is Nest's to make.
        worker: { delivery: exactlyOnce(postgresStore({ pool })) },
      }),
    }),
  ],
  controllers: [PaymentsWorker],
  providers: [LedgerService, ReceiptsService],
})
export class PaymentsModule {}
