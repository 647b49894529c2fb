export type { FrozenCause, HealthCause, LagCause, LivenessCause, ReadinessCause, StartupCause } from './causes.js';
export type { FrozenOptions, HealthCheckOptions, LaggingOptions, LivenessOptions } from './health-options.js';
export type { KafkaWorkerHealthModuleExtras, KafkaWorkerHealthModuleOptions } from './health-module-options.js';
export { KafkaWorkerHealthIndicator } from './kafka-worker.health.js';
export { KafkaWorkerHealthModule } from './kafka-worker-health.module.js';
