import type { HealthIndicatorFunction } from '@nestjs/terminus';
import type { LivenessOptions } from './health-options.js';

/** Options of `KafkaWorkerHealthModule.forRoot`. The bounds are those of `KafkaWorkerHealthIndicator.isLive`. */
export interface KafkaWorkerHealthModuleOptions extends LivenessOptions {
  /** Name of the workers in the answers. Default `kafka`. */
  readonly key?: string;
  /** What else has to be well for each probe, in Terminus' way: `{ ready: [() => db.pingCheck('db')] }`. Default nothing. */
  readonly indicators?: {
    readonly live?: readonly HealthIndicatorFunction[];
    readonly ready?: readonly HealthIndicatorFunction[];
    readonly startup?: readonly HealthIndicatorFunction[];
  };
  /** False: nothing is logged of the answers. Default true: a line where a probe's answer changes, with its causes. */
  readonly log?: boolean;
}

/** What stands beside the options, known when the module is imported. */
export interface KafkaWorkerHealthModuleExtras {
  /** Where the three routes lie. False: no routes, the module gives the indicator alone. Default `health`. */
  readonly path?: string | false;
}
