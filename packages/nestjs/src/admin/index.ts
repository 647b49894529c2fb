export type { AdminAccess, AdminGuard, KafkaWorkerAdminOptions, ShownKeys } from './admin-options.js';
export type * from './answers.js';
export { KafkaWorkerAudit, type CommandTarget, type KafkaWorkerCommandEvent } from './audit.js';
export { KafkaWorkerAdminModule } from './kafka-worker-admin.module.js';
export { PROBLEM_JSON, PROBLEMS, type FieldMistake, type Problem, type ProblemKind } from './problem.js';
export type { KafkaWorkerCommand, SeekTo } from './requests.js';
