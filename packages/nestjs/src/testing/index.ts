export { DeliveredRecord, type DeliveryOutcome, type RecordPosition } from './delivered-record.js';
export { KafkaWorkerTester } from './kafka-worker-tester.js';
export { KafkaWorkerTestingModule } from './kafka-worker-testing.module.js';
export { RecordNotSettledError } from './not-settled.error.js';
export type { ProducedRecord } from './produced-record.js';
export type { TestClock } from './test-clock.js';
export type { TestRecord } from './test-record.js';
export type { DeliverOptions, KafkaWorkerTestingOptions } from './testing-options.js';
