import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { ChargesService } from './charges.service.js';
import { ChargesWorker } from './charges.worker.js';

@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver, sessionTimeout }: KafkaConfig) => ({
        driver,
        consumer: { groupId: 'bank', sessionTimeout },
      }),
    }),
  ],
  controllers: [ChargesWorker],
  providers: [ChargesService],
})
export class ChargesModule {}
