export {
  getKafkaProducerToken,
  getKafkaWorkerServerToken,
  getKafkaWorkerToken,
  getKafkaWorkerTransport,
  KAFKA_WORKER_TRANSPORT,
} from './constants.js';
export { isKafkaWorkerContext, KafkaWorkerContext } from './context/kafka-worker.context.js';
export type { KafkaWorkerMessage } from './context/kafka-message.js';
export * from './decorators/index.js';
export { isRetryableByDefault } from './enhancers/is-retryable.js';
export * from './interfaces/index.js';
export { KafkaWorkerModule } from './module/kafka-worker.module.js';
export { PayloadError } from './payload/payload.error.js';
export { KafkaWorkerProducer } from './producer/kafka-worker.producer.js';
export type { KafkaWorkerRecord } from './producer/outgoing.js';
export { KafkaWorkerRuntime, type KafkaWorkerInfo } from './runtime/kafka-worker.runtime.js';
export { KafkaWorkerServer, type KafkaWorkerStatus } from './server/kafka-worker.server.js';

// What an app needs of the engine, so that it imports from one place.
export {
  CommitError,
  ConfigurationError,
  exponential,
  fixed,
  freeze,
  FreezeError,
  KafkaWorkerError,
  NonRetryableError,
  RetryLaterError,
  skip,
  SkipRecordError,
} from '@kafka-worker/engine';
export type {
  AbortCause,
  Backoff,
  BufferOptions,
  CommitCadence,
  Concurrency,
  ConfigurationMistake,
  Disposition,
  DrainCause,
  DrainOutcome,
  EngineEvent,
  EngineSnapshot,
  EngineState,
  ErrorCode,
  ExponentialOptions,
  FailurePolicy,
  FreezeScope,
  FreezeSnapshot,
  GroupSnapshot,
  KafkaDriver,
  KafkaRecord,
  PartitionSnapshot,
  RebalanceOptions,
  RebalanceSnapshot,
  RecordHeaders,
  RecordMetadata,
  RecordSnapshot,
  RetryOptions,
  ShutdownOptions,
  Target,
  TopicPartition,
  WorkerOptions,
  WorkerSnapshot,
} from '@kafka-worker/engine';
