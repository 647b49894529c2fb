import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { TicketsService } from './tickets.service.js';
import { TicketsWorker } from './tickets.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({ driver, consumer: { groupId: 'printing' } }),
    }),
  ],
  controllers: [TicketsWorker],
  providers: [TicketsService],
})
export class TicketsModule {}
