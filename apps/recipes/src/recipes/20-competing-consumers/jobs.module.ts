import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { JobsService } from './jobs.service.js';
import { JobsWorker } from './jobs.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver, sessionTimeout }: KafkaConfig) => ({
        driver,
        consumer: { groupId: 'crew', sessionTimeout },
      }),
    }),
  ],
  controllers: [JobsWorker],
  providers: [JobsService],
})
export class JobsModule {}
