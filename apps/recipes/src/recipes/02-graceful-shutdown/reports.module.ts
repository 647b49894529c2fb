import { Module } from '@nestjs/common';
import { KafkaWorkerModule } from '@kafka-worker/nestjs';
import { KafkaWorkerHealthModule } from '@kafka-worker/nestjs/terminus';
import { KafkaConfig } from '../../harness/index.js';
import { ReportsService } from './reports.service.js';
import { ReportsWorker } from './reports.worker.js';

/** Its `main.ts` says `app.enableShutdownHooks()`: without that SIGTERM ends a Nest app on the spot. */
@Module({
  imports: [
    // GET /health/startup, /health/ready and /health/live
    KafkaWorkerHealthModule.forRoot(),
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
  controllers: [ReportsWorker],
  providers: [ReportsService],
})
export class ReportsModule {}
