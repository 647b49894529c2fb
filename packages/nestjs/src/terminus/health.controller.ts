import { Controller, Get, type Type } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult } from '@nestjs/terminus';
import { Probes } from './probes.js';

/** The routes of the three probes, below a path. A class of its own for each path, since Nest keeps it on the class. @internal */
export function createHealthController(path: string): Type<object> {
  @Controller(path)
  class KafkaWorkerHealthController {
    constructor(private readonly probes: Probes) {}

    @Get('live')
    @HealthCheck()
    live(): Promise<HealthCheckResult> {
      return this.probes.ask('live');
    }

    @Get('ready')
    @HealthCheck()
    ready(): Promise<HealthCheckResult> {
      return this.probes.ask('ready');
    }

    @Get('startup')
    @HealthCheck()
    startup(): Promise<HealthCheckResult> {
      return this.probes.ask('startup');
    }
  }
  return KafkaWorkerHealthController;
}
