import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { InvoicesService } from './invoices.service.js';
import { InvoicesWorker } from './invoices.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver, consumer: { groupId: 'accounting' } }),
    }),
  ],
  controllers: [InvoicesWorker],
  providers: [InvoicesService],
})
export class InvoicesModule {}
