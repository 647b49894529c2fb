import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { InspectController } from './inspect.controller.js';
import { KafkaHealthIndicator } from './kafka.health.js';

@Module({
  imports: [TerminusModule],
  controllers: [HealthController, InspectController],
  providers: [KafkaHealthIndicator],
})
export class HealthModule {}
