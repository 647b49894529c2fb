import { Module } from '@nestjs/common';
import { Telemetry } from './telemetry.js';

/** What the recipes about logs, traces and metrics take them from. */
@Module({ providers: [Telemetry], exports: [Telemetry] })
export class TelemetryModule {}
