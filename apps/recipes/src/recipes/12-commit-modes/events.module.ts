import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { EventsService } from './events.service.js';
import { EventsWorker } from './events.worker.js';

/** One app, two connections: what becomes of running handlers in a rebalance is the connection's to say. */
@Module({
  imports: [
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver, sessionTimeout }: KafkaConfig) => ({
        driver,
        consumer: { groupId: 'marks', sessionTimeout },
        rebalance: { strategy: 'drain' },
      }),
    }),
    KafkaWorkerModule.forRootAsync({
      name: 'not-held',
      inject: [KafkaConfig],
      useFactory: ({ driver, sessionTimeout }: KafkaConfig) => ({
        driver,
        consumer: { groupId: 'automatic', sessionTimeout },
        rebalance: { strategy: 'commit-completed' },
      }),
    }),
  ],
  controllers: [EventsWorker],
  providers: [EventsService],
})
export class EventsModule {}
