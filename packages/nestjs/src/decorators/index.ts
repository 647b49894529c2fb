export * from './inject.decorators.js';
export { KafkaWorker } from './kafka-worker.decorator.js';
