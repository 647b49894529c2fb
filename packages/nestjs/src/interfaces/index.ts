export * from './module-options.interface.js';
export * from './standard-schema.interface.js';
export type { KafkaWorkerOptions, WorkerDefaults } from './worker-options.interface.js';
