// 02 Graceful shutdown and readiness probe
// order:   none here; what is said holds for every kind of order
// failure: SIGTERM is none: what runs finishes and is committed, what has not begun is left for the next member
// speed:   ends as soon as the last running handler has, at the latest after graceMs + forceMs
// use:     always where something stops your process: Kubernetes, a deployment, Ctrl-C
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { KafkaWorker } from '@kafka-worker/nestjs';
import { ReportsService, type ReportOrder } from './reports.service.js';

@Controller()
export class ReportsWorker {
  constructor(private readonly reports: ReportsService) {}

  @KafkaWorker({ topic: 'reports', concurrency: 'unordered', limit: 4 })
  async onReport(@Payload() order: ReportOrder): Promise<void> {
    await this.reports.render(order);
  }
}
