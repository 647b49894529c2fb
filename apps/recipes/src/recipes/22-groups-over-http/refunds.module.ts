import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaWorkerAdminModule } from '@kafka-worker/nestjs/admin';
import { KafkaConfig } from '../../harness/index.js';
import { CommandLog } from './command-log.js';
import { OperatorsGuard, OperatorsModule } from './operators.js';
import { RefundsService } from './refunds.service.js';
import { RefundsWorker } from './refunds.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver, consumer: { groupId: 'refunding' } }),
    }),
    // Without `commands` there would be nothing but reading.
    KafkaWorkerAdminModule.forRoot({ commands: { guards: [OperatorsGuard] }, imports: [OperatorsModule] }),
  ],
  controllers: [RefundsWorker],
  providers: [RefundsService, CommandLog],
})
export class RefundsModule {}
