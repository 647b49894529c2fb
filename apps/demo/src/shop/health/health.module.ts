import { Module } from '@nestjs/common';
import { KafkaWorkerHealthModule } from '@kafka-worker/nestjs/terminus';
import { InspectController } from './inspect.controller.js';

/** `GET /health/live`, `/health/ready` and `/health/startup` for an orchestrator, `GET /inspect` for a person. */
@Module({
  imports: [KafkaWorkerHealthModule.forRoot()],
  controllers: [InspectController],
})
export class HealthModule {}
