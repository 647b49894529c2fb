import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaConfig } from '../../harness/index.js';
import { HealthController } from './health.controller.js';
import { KafkaHealth } from './kafka.health.js';
import { ReportsService } from './reports.service.js';
import { ReportsWorker } from './reports.worker.js';

/** Its `main.ts` says `app.enableShutdownHooks()`: without that SIGTERM ends a Nest app on the spot. */
@Module({
  imports: [
    TerminusModule.forRoot({ logger: false }),
    KafkaWorkerModule.forRootAsync({
      inject: [KafkaConfig],
      useFactory: ({ driver }: KafkaConfig) => ({
        driver,
        consumer: { groupId: 'reporting' },
        // Within the 30 s Kubernetes gives by default.
        shutdown: { graceMs: 20_000, forceMs: 3000 },
      }),
    }),
  ],
  controllers: [ReportsWorker, HealthController],
  providers: [ReportsService, KafkaHealth],
})
export class ReportsModule {}
