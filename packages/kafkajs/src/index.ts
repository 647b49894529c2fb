export { KafkajsDriver, kafkajsDriver } from './driver.js';
export { planAssignment, type AssignmentPlan } from './assignment/plan.js';
export {
  ASSIGNMENT_STRATEGIES,
  DEFAULT_STRATEGIES,
  PROTOCOL_NAMES,
  type AssignmentStrategy,
} from './assignment/strategy.js';
export type { PartitionCounts, Shares, Subscriber } from './assignment/subscriber.js';
export { registerOptionalCodecs } from './codecs/register.js';
export type { CompressionName } from './codecs/compression.js';
export { ClientCrashError } from './errors/client-crash.error.js';
export type { ConsumerOverrides, DriverLog, KafkajsDriverOptions, LogLevel, ProducerOverrides } from './options.js';
