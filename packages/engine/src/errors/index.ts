export * from './codes.js';
export * from './kafka-worker.error.js';
export * from './configuration.error.js';
export * from './commit.error.js';
export * from './steering.errors.js';
export * from './transaction.error.js';
export * from './store.error.js';
