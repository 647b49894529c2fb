export { getRecordLogFields, KafkaLogContext, type KafkaLogContextOptions } from './kafka-log-context.js';
export type { RecordLogFields } from './record-log-fields.js';
export type { KeyDisplay } from '../instrumentation/record-key.js';
